import type { Kysely } from 'kysely';
import { parseEncodedClient, type ServerId } from '../../gateway/identifier/index.ts';
import type { ConnectionType } from '../../gateway/road/index.ts';
import type {
  AccessRight,
  ClientRecord,
  Endpoint,
  LocalGroup,
  OpenApiDescription,
  ServiceLimit,
  ServiceRecord,
  SettingsContent,
  WsdlDescription,
} from './model.ts';
import type { SettingsTables } from './schema.ts';
import { parseSubject } from './subject.ts';

/** Certificates of a record travel through JSON as base64. */
type ServiceJson = Omit<ServiceRecord, 'provider' | 'certificates'> & {
  readonly certificates: readonly string[];
};

/** Everything the settings hold, as records. */
export async function readContent(db: Kysely<SettingsTables>, serverId: ServerId): Promise<SettingsContent> {
  const clients = await db.selectFrom('client').selectAll().orderBy('id').execute();
  const services = await db
    .selectFrom('service')
    .selectAll()
    .orderBy('provider')
    .orderBy('code')
    .orderBy('version')
    .execute();
  const descriptions = await db
    .selectFrom('wsdlDescription')
    // Not the documents: they are large, and wanted one at a time.
    .select(['provider', 'id', 'url', 'certificates', 'acceptedAt', 'disabledNotice'])
    .orderBy('provider')
    .orderBy('acceptedAt')
    .execute();
  const openApis = await db
    .selectFrom('openApiDescription')
    .select([
      'provider',
      'code',
      'url',
      'certificates',
      'digest',
      'openapi',
      'title',
      'version',
      'contentType',
    ])
    .select(['endpoints', 'acceptedAt'])
    .orderBy('provider')
    .orderBy('code')
    .execute();
  const rights = await db.selectFrom('accessRight').selectAll().execute();
  const limits = await db.selectFrom('serviceLimit').selectAll().execute();
  const groups = await db.selectFrom('localGroup').selectAll().execute();
  const internal = await db
    .selectFrom('server')
    .select('value')
    .where('name', '=', 'internalCertificate')
    .executeTakeFirst();
  return {
    serverId,
    clients: clients.map(
      (row): ClientRecord => ({
        id: parseEncodedClient(row.id),
        status: row.status as ClientRecord['status'],
        connectionType: row.connectionType as ConnectionType,
        certificates: readCertificates(row.certificates),
      }),
    ),
    services: services.map(readService),
    limits: limits.map(
      ({ provider, code, consumer, periodSeconds, requests }): ServiceLimit => ({
        provider: parseEncodedClient(provider),
        serviceCode: code,
        consumer: consumer === 'each' || consumer === 'all' ? consumer : parseEncodedClient(consumer),
        ...{ periodSeconds, requests },
      }),
    ),
    descriptions: descriptions.map(
      ({ provider, id, url, certificates, acceptedAt, disabledNotice }): WsdlDescription => ({
        provider: parseEncodedClient(provider),
        id,
        ...(url !== null && { url }),
        certificates: readCertificates(certificates),
        acceptedAt: new Date(acceptedAt),
        ...(disabledNotice !== null && { disabledNotice }),
      }),
    ),
    openApiDescriptions: openApis.map(
      ({ provider, code, url, certificates, acceptedAt, endpoints, ...rest }): OpenApiDescription => ({
        ...rest,
        provider: parseEncodedClient(provider),
        serviceCode: code,
        ...(url !== null && { url }),
        certificates: readCertificates(certificates),
        acceptedAt: new Date(acceptedAt),
        endpoints: JSON.parse(endpoints) as Endpoint[],
      }),
    ),
    rights: rights.map(
      (row): AccessRight => ({
        provider: parseEncodedClient(row.provider),
        serviceCode: row.code,
        endpoint: { method: row.method, path: row.path },
        subject: parseSubject(row.subject),
        ...(row.validFrom !== null && { validFrom: new Date(row.validFrom) }),
        ...(row.validUntil !== null && { validUntil: new Date(row.validUntil) }),
      }),
    ),
    localGroups: groups.map(
      (row): LocalGroup => ({
        owner: parseEncodedClient(row.owner),
        groupCode: row.code,
        description: row.description,
        members: (JSON.parse(row.members) as string[]).map(parseEncodedClient),
      }),
    ),
    ...(internal !== undefined && { internalCertificate: fromBase64(internal.value) }),
  };
}

export function readService(row: { readonly provider: string; readonly record: string }): ServiceRecord {
  const json = JSON.parse(row.record) as ServiceJson;
  return {
    ...json,
    provider: parseEncodedClient(row.provider),
    certificates: json.certificates.map(fromBase64),
  };
}

/** The record of a service as its row holds it. */
export function writeService({ provider: _inItsOwnColumn, certificates, ...rest }: ServiceRecord): string {
  const json: ServiceJson = { ...rest, certificates: certificates.map(toBase64) };
  return JSON.stringify(json);
}

export function toBase64(der: Buffer): string {
  return der.toString('base64');
}

/** A list of certificates as its column holds it. */
export function writeCertificates(certificates: readonly Buffer[]): string {
  return JSON.stringify(certificates.map(toBase64));
}

function readCertificates(column: string): Buffer[] {
  return (JSON.parse(column) as string[]).map(fromBase64);
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}
