import type { Token } from '../../certs/token/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import type { SettingsStore } from '../settings/index.ts';
import { ownCertificates, type ServerSigner } from '../signer/index.ts';
import type { ManagementSigners } from './signed-message.ts';

/** Keys of this server, for its management requests. */
export function managementSigners(
  signer: ServerSigner,
  token: Token,
  settings: SettingsStore,
): ManagementSigners {
  return {
    signingIdentity: (member) => signer.signingIdentity(member),
    authenticationKey: async (der) => {
      const own = (await ownCertificates(settings.db)).find(
        ({ use, certificate }) => use === 'authentication' && certificate.der.equals(der),
      );
      if (own !== undefined) return token.signingKey(own.keyId);
      throw new Fault('CertNotFound', 'The authentication certificate to register is not one of this server');
    },
  };
}
