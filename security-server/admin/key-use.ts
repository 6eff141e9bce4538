import { parseCertificate } from '../../certs/x509/index.ts';
import { certificateRequests, type OwnCertificate, ownCertificates } from '../signer/index.ts';
import type { AdminContext } from './context.ts';

export type KeyUse = OwnCertificate['use'] | 'internal-tls';

/** What the keys of this server are for, by what was issued or asked for; none is for two things. */
export async function keyUses({
  settings,
  tokens,
}: Pick<AdminContext, 'settings' | 'tokens'>): Promise<ReadonlyMap<string, KeyUse>> {
  const requests = await certificateRequests(settings.db);
  const internal = settings.current().content.internalCertificate;
  const internalKey = internal && tokens.withKey(parseCertificate(internal).publicKeyInfo);
  return new Map<string, KeyUse>([
    ...[...requests].flatMap(([id, { use }]) => (use === undefined ? [] : [[id, use] as const])),
    ...(await ownCertificates(settings.db)).map(({ keyId, use }) => [keyId, use] as const),
    ...(internalKey === undefined ? [] : [[internalKey.keyId, 'internal-tls'] as const]),
  ]);
}

/** @returns undefined for a key that is for nothing yet */
export async function keyUse(
  context: Pick<AdminContext, 'settings' | 'tokens'>,
  keyId: string,
): Promise<KeyUse | undefined> {
  return (await keyUses(context)).get(keyId);
}
