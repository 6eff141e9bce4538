import type { Kysely } from 'kysely';
import type { SettingsTables } from '../settings/index.ts';
import type { OwnCertificate } from './own-certificates.ts';

/** The last request for a certificate that was made for a key, until a certificate comes. */
export interface CertificateRequestRecord {
  readonly keyId: string;
  readonly use: OwnCertificate['use'] | 'internal-tls' | undefined;
  /** PEM. */
  readonly request: string;
  /** In which form the authority wants it. */
  readonly format: 'PEM' | 'DER';
  /** Certification service that it is for. */
  readonly service: string | undefined;
  readonly madeAt: Date;
}

export async function putCertificateRequest(
  db: Kysely<SettingsTables>,
  { keyId, use, request, format, service, madeAt }: CertificateRequestRecord,
): Promise<void> {
  const values = {
    ...{ use: use ?? null, request, format, service: service ?? null, madeAt: madeAt.getTime() },
  };
  await db
    .insertInto('certificateRequest')
    .values({ keyId, ...values })
    .onConflict((conflict) => conflict.column('keyId').doUpdateSet(values))
    .execute();
}

export async function certificateRequests(
  db: Kysely<SettingsTables>,
): Promise<ReadonlyMap<string, CertificateRequestRecord>> {
  const rows = await db.selectFrom('certificateRequest').selectAll().execute();
  return new Map(
    rows.map(({ keyId, use, request, format, service, madeAt }) => [
      keyId,
      {
        ...{ keyId, request, service: service ?? undefined, madeAt: new Date(madeAt) },
        use: (use ?? undefined) as CertificateRequestRecord['use'],
        format: format as CertificateRequestRecord['format'],
      },
    ]),
  );
}

export async function removeCertificateRequest(db: Kysely<SettingsTables>, keyId: string): Promise<void> {
  await db.deleteFrom('certificateRequest').where('keyId', '=', keyId).execute();
}
