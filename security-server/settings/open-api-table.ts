import type { Transaction } from 'kysely';
import { printEncoded } from '../../gateway/identifier/index.ts';
import { readService, writeCertificates } from './content.ts';
import type { Endpoint, OpenApiDescription, ServiceRecord } from './model.ts';
import { compareEndpoints } from './open-api.ts';
import type { SettingsTables } from './schema.ts';
import { describedBy, rowsOf, SettingsConflict, takeRightsOn, write } from './service-table.ts';

/**
 * Accepts a description with its service, as that is now: reading the description took a while, in which it may have
 * been switched off or changed.
 * @param fresh the service, should it not be there
 * @param address given by hand: in place of the one it has
 * @throws SettingsConflict service-described
 */
export async function acceptOpenApi(
  tx: Transaction<SettingsTables>,
  fresh: ServiceRecord,
  { certificates, acceptedAt, endpoints, url, provider, serviceCode, ...rest }: OpenApiDescription,
  published: Buffer,
  address?: string,
): Promise<void> {
  const key = { provider: printEncoded(provider), code: serviceCode };
  const rows = await rowsOf(tx, key.provider, key.code);
  const before = rows.map(readService)[0];
  if (before?.kind === 'WSDL') {
    const remedy = 'delete it, or choose another code';
    throw new SettingsConflict('service-described', `Service ${serviceCode} is a SOAP service; ${remedy}`);
  }
  const former = await describedBy(tx, key.provider, key.code);
  const formerly = former === undefined ? [] : (JSON.parse(former.endpoints) as Endpoint[]);
  const changed = compareEndpoints(before?.endpoints ?? [], formerly, endpoints);
  const record = {
    ...(before ?? fresh),
    ...(address !== undefined && { url: address }),
    ...({ kind: 'OPENAPI', title: rest.title, endpoints: changed.endpoints } as const),
  };
  await takeRightsOn(tx, record, before?.endpoints ?? []);
  await write(tx, record);
  const values = {
    ...rest,
    url: url ?? null,
    certificates: writeCertificates(certificates),
    endpoints: JSON.stringify(endpoints),
    acceptedAt: acceptedAt.getTime(),
    published,
  };
  await tx
    .insertInto('openApiDescription')
    .values({ ...key, ...values })
    .onConflict((conflict) => conflict.columns(['provider', 'code']).doUpdateSet(values))
    .execute();
}
