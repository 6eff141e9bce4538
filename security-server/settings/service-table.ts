import { sql, type Transaction } from 'kysely';
import { type ClientId, printEncoded } from '../../gateway/identifier/index.ts';
import { readService, writeCertificates, writeService } from './content.ts';
import { compareDescribed } from './described.ts';
import {
  baseEndpoint,
  type DescribedService,
  type Endpoint,
  type ServiceRecord,
  type WsdlDescription,
} from './model.ts';
import { withoutEndpoints } from './open-api.ts';
import type { SettingsTables } from './schema.ts';

/** A change that would take a service away from where it comes from, or a right on a service that is gone. */
export class SettingsConflict extends Error {
  override readonly name = 'SettingsConflict';
  readonly code: 'service-exists' | 'service-described' | 'unknown-service' | 'unknown-description';

  constructor(code: SettingsConflict['code'], message: string) {
    super(message);
    this.code = code;
  }
}

type Change = Transaction<SettingsTables>;

/** Puts a service that an administrator describes. @throws SettingsConflict service-described */
export async function putService(tx: Change, service: ServiceRecord): Promise<void> {
  const row = { provider: printEncoded(service.provider), code: service.serviceCode };
  const others = await rowsOf(tx, row.provider, row.code);
  if (others.some(({ description }) => description !== null)) {
    throw new SettingsConflict(
      'service-described',
      `Service ${row.code} comes from a WSDL; refresh, change or delete it there, or choose another code`,
    );
  }
  const [before] = others.map(readService);
  if (service.kind !== 'OPENAPI' && (await describedBy(tx, row.provider, row.code)) !== undefined) {
    throw new SettingsConflict(
      'service-described',
      `Service ${row.code} has an OpenAPI description, and stays of that kind; delete it, or choose another code`,
    );
  }
  await takeRightsOn(tx, service, before?.endpoints ?? []);
  await write(tx, service);
}

/** The description of a service that has one. */
export function describedBy(tx: Change, provider: string, code: string) {
  return tx
    .selectFrom('openApiDescription')
    .select('endpoints')
    .where('provider', '=', provider)
    .where('code', '=', code)
    .executeTakeFirst();
}

/** Rights on endpoints that a service had, and has no more, go with them: they would open what nobody sees. */
export async function takeRightsOn(
  tx: Change,
  { provider, serviceCode, endpoints }: ServiceRecord,
  before: readonly Endpoint[],
): Promise<void> {
  // The whole service is no endpoint that goes.
  for (const { method, path } of withoutEndpoints(before, [...endpoints, baseEndpoint])) {
    await tx
      .deleteFrom('accessRight')
      .where('provider', '=', printEncoded(provider))
      .where('code', '=', serviceCode)
      .where('method', '=', method)
      .where('path', '=', path)
      .execute();
  }
}

/** Adds a description with its services. @throws SettingsConflict service-exists */
export async function addDescription(
  tx: Change,
  description: WsdlDescription,
  described: readonly DescribedService[],
  published: Buffer,
): Promise<void> {
  const { provider, id, url, certificates, acceptedAt, disabledNotice } = description;
  await tx
    .insertInto('wsdlDescription')
    .values({
      provider: printEncoded(provider),
      id,
      url: url ?? null,
      certificates: writeCertificates(certificates),
      published,
      acceptedAt: acceptedAt.getTime(),
      disabledNotice: disabledNotice ?? null,
    })
    .execute();
  await replaceServices(tx, provider, id, described);
}

/**
 * Accepts a description that was read again: its services replace those that came from it before.
 * @throws SettingsConflict service-exists, unknown-description
 */
export async function refreshDescription(
  tx: Change,
  { provider, id, url, certificates, acceptedAt }: WsdlDescription,
  described: readonly DescribedService[],
  published: Buffer,
): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('wsdlDescription')
    .set({
      url: url ?? null,
      certificates: writeCertificates(certificates),
      published,
      acceptedAt: acceptedAt.getTime(),
    })
    .where('provider', '=', printEncoded(provider))
    .where('id', '=', id)
    .executeTakeFirst();
  if (numUpdatedRows === 0n)
    throw new SettingsConflict('unknown-description', `No description ${id} is here`);
  await replaceServices(tx, provider, id, described);
}

async function replaceServices(
  tx: Change,
  provider: ClientId,
  id: string,
  described: readonly DescribedService[],
): Promise<void> {
  const encoded = printEncoded(provider);
  const before = await tx
    .selectFrom('service')
    .selectAll()
    .where('provider', '=', encoded)
    .where('description', '=', id)
    .execute();
  const { services, removed } = compareDescribed(provider, id, before.map(readService), described);
  for (const { serviceCode, serviceVersion = '' } of removed) {
    await tx
      .deleteFrom('service')
      .where('provider', '=', encoded)
      .where('code', '=', serviceCode)
      .where('version', '=', serviceVersion)
      .execute();
  }
  for (const service of services) {
    await requireFree(tx, encoded, id, service);
    await write(tx, service);
  }
}

/** What an administrator may set on a service of a WSDL. */
export type DescribedChange = Pick<
  ServiceRecord,
  'url' | 'timeoutMs' | 'verifyTls' | 'certificates' | 'minimumPeerVersion'
>;

/** Changes what an administrator may set on a service of a WSDL. @throws SettingsConflict unknown-service */
export async function changeDescribed(
  tx: Change,
  provider: ClientId,
  { serviceCode, serviceVersion = '' }: Pick<ServiceRecord, 'serviceCode' | 'serviceVersion'>,
  changed: DescribedChange,
): Promise<void> {
  const rows = await rowsOf(tx, printEncoded(provider), serviceCode);
  const row = rows.find(({ version, description }) => version === serviceVersion && description !== null);
  if (row === undefined) {
    throw new SettingsConflict(
      'unknown-service',
      `No WSDL of that client here has service ${serviceCode}${serviceVersion === '' ? '' : ` version ${serviceVersion}`}`,
    );
  }
  const { minimumPeerVersion: _former, ...record } = readService(row);
  await write(tx, { ...record, ...changed });
}

/** A service belongs to one description; its versions may come from several. */
async function requireFree(
  tx: Change,
  provider: string,
  descriptionId: string,
  { serviceCode, serviceVersion = '' }: ServiceRecord,
): Promise<void> {
  const taken = (await rowsOf(tx, provider, serviceCode)).some(
    ({ version, description }) =>
      description !== descriptionId && (description === null || version === serviceVersion),
  );
  if (!taken) return;
  throw new SettingsConflict(
    'service-exists',
    `The client has a service ${serviceCode} from elsewhere already; delete that one, or give this one another name or version`,
  );
}

/** @throws SettingsConflict unknown-service */
export async function requireService(tx: Change, provider: ClientId, code: string): Promise<void> {
  if ((await rowsOf(tx, printEncoded(provider), code)).length > 0) return;
  throw new SettingsConflict('unknown-service', `There is no service ${code} of that client here`);
}

/** The rows of a service code, one a version. */
export function rowsOf(tx: Change, provider: string, code: string) {
  return tx
    .selectFrom('service')
    .selectAll()
    .where('provider', '=', provider)
    .where('code', '=', code)
    .execute();
}

export async function write(tx: Change, service: ServiceRecord): Promise<void> {
  const values = { record: writeService(service), description: service.described?.descriptionId ?? null };
  await tx
    .insertInto('service')
    .values({
      provider: printEncoded(service.provider),
      code: service.serviceCode,
      version: service.serviceVersion ?? '',
      ...values,
    })
    .onConflict((conflict) => conflict.columns(['provider', 'code', 'version']).doUpdateSet(values))
    .execute();
}

/** Rights belong to a code: they go when the last service of that code has gone. So does its OpenAPI description. */
export async function removeOrphans(tx: Change): Promise<void> {
  await sql`DELETE FROM openApiDescription WHERE NOT EXISTS (
    SELECT 1 FROM service WHERE service.provider = openApiDescription.provider AND service.code = openApiDescription.code
  )`.execute(tx);
  await sql`DELETE FROM accessRight WHERE NOT EXISTS (
    SELECT 1 FROM service WHERE service.provider = accessRight.provider AND service.code = accessRight.code
  )`.execute(tx);
}
