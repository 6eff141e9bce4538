import type { AcmeServer, ApprovedCa, SharedParameters } from '../../gateway/configuration/index.ts';

/** An approved certification service that takes orders over ACME. */
export interface AcmeAuthority {
  readonly name: string;
  readonly directoryUrl: string;
  /** Its profile for certificates of this use; undefined: it is not told which. */
  readonly profile: string | undefined;
  /** IP addresses from which it verifies that an address is ours, as the registry was told them. */
  readonly verifiesFrom: string | undefined;
}

/**
 * The services of an instance that issue certificates of a use over ACME, in the order of its configuration; those
 * for authentication alone come first for that.
 */
export function acmeAuthorities(
  shared: SharedParameters | undefined,
  use: 'signing' | 'authentication',
): AcmeAuthority[] {
  const forUse = (shared?.approvedCas ?? []).filter(
    (one) => use === 'authentication' || !one.authenticationOnly,
  );
  return forUse
    .filter(takesOrders)
    .sort((a, b) => Number(b.authenticationOnly) - Number(a.authenticationOnly))
    .map(({ name, acmeServer }) => ({
      name,
      directoryUrl: acmeServer.directoryUrl,
      verifiesFrom: acmeServer.ipAddress,
      profile:
        use === 'signing'
          ? acmeServer.signingCertificateProfileId
          : acmeServer.authenticationCertificateProfileId,
    }));
}

function takesOrders(ca: ApprovedCa): ca is ApprovedCa & { readonly acmeServer: AcmeServer } {
  return ca.acmeServer !== undefined;
}
