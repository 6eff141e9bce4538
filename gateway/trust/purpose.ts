import { type Certificate, extendedKeyUsages } from '../../certs/x509/index.ts';

/** What a certificate of a member may be used for. */
type Purpose = 'signing' | 'authentication';

/**
 * The one purpose of a certificate; undefined when it says none, or both. X-Road 7 itself would take a certificate
 * that says both for either: then whoever obtains a server's authentication key could also sign for its owner.
 */
export function purposeOf({ keyUsage, extendedKeyUsage }: Certificate): Purpose | undefined {
  const signs = keyUsage?.has('nonRepudiation') === true;
  const authenticates =
    extendedKeyUsage?.includes(extendedKeyUsages.clientAuth) === true ||
    (['digitalSignature', 'keyEncipherment', 'dataEncipherment'] as const).some((usage) =>
      keyUsage?.has(usage),
    );
  if (signs === authenticates) return undefined;
  return signs ? 'signing' : 'authentication';
}
