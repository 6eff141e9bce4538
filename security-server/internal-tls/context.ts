import type { SecureContext } from 'node:tls';
import type { Token } from '../../certs/token/index.ts';
import { parseCertificate } from '../../certs/x509/index.ts';
import type { SettingsStore } from '../settings/index.ts';

/** Certificate and TLS context of the listener for information systems, made once the token is signed in. */
export function internalContext(token: Token, settings: SettingsStore) {
  let made: { readonly certificate: Buffer; readonly context: SecureContext } | undefined;
  return () => {
    const der = settings.current().content.internalCertificate;
    if (der === undefined) throw new Error('this server has no internal certificate');
    if (made?.certificate.equals(der) === true && token.isActive()) return made;
    const certificate = parseCertificate(der);
    const key = token.listKeys().find(({ publicKeyInfo }) => publicKeyInfo.equals(certificate.publicKeyInfo));
    if (key === undefined) throw new Error('the key of the internal certificate is not in the token');
    made = {
      certificate: der,
      context: token.secureContext(key.id, [certificate], { minVersion: 'TLSv1.2' }),
    };
    return made;
  };
}
