import type { Kysely } from 'kysely';
import { parseCertificate } from '../../certs/x509/index.ts';
import { memberOf, parseEncodedClient, printEncoded } from '../../gateway/identifier/index.ts';
import type { SettingsTables } from '../settings/index.ts';
import type { OwnCertificate } from './own-certificates.ts';
import type { CertificateStatus } from './status-fetcher.ts';

type Tables = Pick<SettingsTables, 'ownCertificate' | 'certificateStatus'>;

/** Adds a certificate of this server, or replaces what was known of it. */
export async function putOwnCertificate(db: Kysely<SettingsTables>, own: OwnCertificate): Promise<void> {
  const row: Tables['ownCertificate'] = {
    sha256: own.certificate.sha256.toString('hex'),
    use: own.use,
    tokenId: own.tokenId,
    keyId: own.keyId,
    certificate: own.certificate.der,
    intermediates: JSON.stringify(own.intermediates.map(({ der }) => der.toString('base64'))),
    member: own.member === undefined ? null : printEncoded(own.member),
    isActive: own.isActive ? 1 : 0,
  };
  await db
    .insertInto('ownCertificate')
    .values(row)
    .onConflict((conflict) => conflict.column('sha256').doUpdateSet(row))
    .execute();
}

export async function ownCertificates(db: Kysely<SettingsTables>): Promise<OwnCertificate[]> {
  const rows = await db.selectFrom('ownCertificate').selectAll().orderBy('sha256').execute();
  return rows.map((row) => ({
    use: row.use as OwnCertificate['use'],
    tokenId: row.tokenId,
    keyId: row.keyId,
    certificate: parseCertificate(row.certificate),
    intermediates: (JSON.parse(row.intermediates) as string[]).map((der) =>
      parseCertificate(Buffer.from(der, 'base64')),
    ),
    ...(row.member !== null && { member: memberOf(parseEncodedClient(row.member)) }),
    isActive: row.isActive === 1,
  }));
}

export async function removeOwnCertificate(db: Kysely<SettingsTables>, sha256: string): Promise<void> {
  await db.deleteFrom('ownCertificate').where('sha256', '=', sha256).execute();
}

export async function savedStatuses(db: Kysely<SettingsTables>): Promise<Map<string, CertificateStatus>> {
  const rows = await db.selectFrom('certificateStatus').selectAll().execute();
  return new Map(
    rows.map(({ sha256, response, validUntil }) => [sha256, { response, validUntil: new Date(validUntil) }]),
  );
}

export async function saveStatus(
  db: Kysely<SettingsTables>,
  sha256: string,
  { response, validUntil }: CertificateStatus,
): Promise<void> {
  const values = { response, validUntil: validUntil.getTime() };
  await db
    .insertInto('certificateStatus')
    .values({ sha256, ...values })
    .onConflict((conflict) => conflict.column('sha256').doUpdateSet(values))
    .execute();
}

export async function removeStatus(db: Kysely<SettingsTables>, sha256: string): Promise<void> {
  await db.deleteFrom('certificateStatus').where('sha256', '=', sha256).execute();
}
