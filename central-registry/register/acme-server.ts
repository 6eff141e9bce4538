import { isIP } from 'node:net';
import type { AcmeServer } from '../../gateway/configuration/index.ts';
import { RegisterError } from './error.ts';
import type { RegisterTables } from './schema.ts';
import { checkName, checkUrl } from './values.ts';

type AcmeColumns = Pick<
  RegisterTables['certificationService'],
  'acmeDirectoryUrl' | 'acmeIpAddress' | 'acmeAuthenticationProfile' | 'acmeSigningProfile'
>;

/** @throws RegisterError invalid */
export function acmeColumns(server: AcmeServer | undefined): AcmeColumns {
  if (server !== undefined) checkAcmeServer(server);
  return {
    acmeDirectoryUrl: server?.directoryUrl ?? null,
    acmeIpAddress: server?.ipAddress ?? null,
    acmeAuthenticationProfile: server?.authenticationCertificateProfileId ?? null,
    acmeSigningProfile: server?.signingCertificateProfileId ?? null,
  };
}

/** @returns nothing for a service without an ACME server */
export function acmeServerOf(columns: AcmeColumns): { readonly acmeServer?: AcmeServer } {
  const { acmeDirectoryUrl: directoryUrl, acmeIpAddress: ipAddress } = columns;
  if (directoryUrl === null) return {};
  const { acmeAuthenticationProfile: authentication, acmeSigningProfile: signing } = columns;
  return {
    acmeServer: {
      directoryUrl,
      ...(ipAddress !== null && { ipAddress }),
      ...(authentication !== null && { authenticationCertificateProfileId: authentication }),
      ...(signing !== null && { signingCertificateProfileId: signing }),
    },
  };
}

function checkAcmeServer(server: AcmeServer): void {
  const { directoryUrl, ipAddress, authenticationCertificateProfileId, signingCertificateProfileId } = server;
  checkUrl(directoryUrl, 'The directory URL of an ACME server');
  const strange = ipAddress?.split(',').find((address) => isIP(address.trim()) === 0);
  if (strange !== undefined) {
    throw new RegisterError('invalid', `The address of an ACME server: '${strange}' is not an IP address`);
  }
  for (const id of [authenticationCertificateProfileId, signingCertificateProfileId]) {
    if (id !== undefined) checkName(id, 'The certificate profile of an ACME server');
  }
}
