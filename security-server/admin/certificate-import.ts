import { checkKeyStrength, KeyError } from '../../certs/key/index.ts';
import { OcspError } from '../../certs/ocsp/index.ts';
import {
  buildPath,
  type Certificate,
  CertificateError,
  isSameCertificate,
  parseCertificate,
} from '../../certs/x509/index.ts';
import type { GlobalConfiguration, IssuingCa } from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import { KeyedQueue, Problem } from '../../gateway/http/index.ts';
import { equal, type MemberId, memberOf, printEncoded } from '../../gateway/identifier/index.ts';
import { issuersOf, memberOfSigningCertificate, purposeOf } from '../../gateway/trust/index.ts';
import {
  type OwnCertificate,
  ownCertificates,
  putOwnCertificate,
  removeCertificateRequest,
} from '../signer/index.ts';
import type { AdminContext } from './context.ts';
import { keyUse } from './key-use.ts';

/** What taking in a certificate looks at and changes. */
export type CertificateContext = Pick<
  AdminContext,
  'settings' | 'token' | 'tokens' | 'signer' | 'configuration' | 'reloadCertificates' | 'now'
>;

/** By key: of two certificates that come at once, the second is judged by what the first has made of the key. */
const taking = new KeyedQueue();

interface Mismatch {
  readonly code: string;
  readonly found: string;
  readonly expected: string;
  /** Who mends it, and how. */
  readonly remedy: string;
}

/** A certificate that cannot be taken in says what was found, what was expected, and who mends it. */
function mismatch({ code, found, expected, remedy }: Mismatch): Problem {
  return new Problem(409, code, `Found: ${found}. Expected: ${expected}. ${remedy}.`);
}

/**
 * Puts to use what an authority issued for a key of a token.
 * @param pem PEM text, or DER in base64
 * @param expected what it has to be for; undefined: signing or authentication
 * @param isActive whether it serves from now on; else it stands by, switched off
 * @throws Problem with a code for each way in which it does not fit
 */
export async function takeInCertificate(
  context: CertificateContext,
  pem: string,
  intermediates: readonly string[],
  expected?: OwnCertificate['use'],
  isActive = true,
): Promise<OwnCertificate> {
  const certificate = readPem(pem);
  const extras = intermediates.map(readPem);
  return taking.run(certificate.publicKeyInfo.toString('base64'), async () => {
    const own = { ...(await judge(context, certificate, extras, expected)), isActive };
    await putOwnCertificate(context.settings.db, own);
    await removeCertificateRequest(context.settings.db, own.keyId);
    await context.reloadCertificates();
    return own;
  });
}

/** @throws CertificateError malformed */
export function readPem(text: string): Certificate {
  const isPem = text.includes('-----BEGIN');
  return parseCertificate(isPem ? Buffer.from(text) : Buffer.from(text, 'base64'));
}

async function judge(
  context: CertificateContext,
  certificate: Certificate,
  extras: readonly Certificate[],
  expected: OwnCertificate['use'] | undefined,
): Promise<OwnCertificate> {
  const key = requireKeyOf(certificate, context);
  requireStrength(certificate);
  const use = requirePurpose(certificate, expected);
  requireFitting(use, await keyUse(context, key.keyId));
  if (use === 'authentication' && key.token !== context.token) {
    throw mismatch({
      code: 'authentication-key-in-device',
      found: `a certificate for authentication, of a key in token '${key.token.label}'`,
      expected: 'a key in the software token, for a handshake cannot wait for a device',
      remedy: 'Make a key for authentication in the software token, and have a certificate issued for that',
    });
  }
  requireInDate(certificate, context.now());
  const configuration = context.configuration();
  const authority = requireAuthority(certificate, use, extras, context.now(), configuration);
  const member = use === 'signing' ? requireMember(certificate, authority, context) : undefined;
  if (use === 'authentication') requireNoOtherServer(certificate, configuration, context);
  await requireNew(certificate, expected, context);
  await requireNotRevoked(certificate, context);
  return {
    ...{ use, tokenId: key.token.id, keyId: key.keyId, certificate, isActive: true },
    intermediates: extras.filter((one) => !isSameCertificate(one, authority.certificate)),
    ...(member !== undefined && { member }),
  };
}

function requireKeyOf(certificate: Certificate, { tokens }: CertificateContext) {
  const key = tokens.withKey(certificate.publicKeyInfo);
  if (key !== undefined) return key;
  const closed = tokens.all().filter(({ token }) => token?.isActive() !== true);
  const names = closed.map(({ name }) => `'${name}'`).join(', ');
  throw mismatch({
    code: 'no-such-key',
    found: `a certificate of ${certificate.subject.describe()} for a key that no token of this server shows`,
    expected: 'a certificate for a key of this server',
    remedy:
      names === ''
        ? 'The authority has to issue it for a request that was made here; or the key was deleted, and a new one is needed'
        : `Sign in to ${names} first, which shows its keys only then; else the authority has to issue it for a request that was made here`,
  });
}

function requireStrength({ publicKey }: Certificate): void {
  try {
    checkKeyStrength(publicKey);
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    throw mismatch({
      code: 'weak-key',
      found: error.message,
      expected: 'P-256, P-384, or RSA with at least 2048 bits',
      remedy: 'Make a new key here, and have a certificate issued for it',
    });
  }
}

function requirePurpose(certificate: Certificate, expected?: OwnCertificate['use']): OwnCertificate['use'] {
  const use = purposeOf(certificate);
  const usages = [...(certificate.keyUsage ?? [])].join(', ') || 'no key usage';
  const wanted = 'either signing (nonRepudiation alone) or authentication (digitalSignature, clientAuth)';
  const authority = 'The authority has to issue another one, by its profile for that purpose';
  if (use === undefined) {
    const isBoth = certificate.keyUsage?.has('nonRepudiation') === true;
    const code = isBoth ? 'both-purposes' : 'no-purpose';
    throw mismatch({ code, found: `a certificate with ${usages}`, expected: wanted, remedy: authority });
  }
  if (expected === undefined || use === expected) return use;
  throw mismatch({
    code: 'other-purpose',
    found: `a certificate for ${use}`,
    expected: `one for ${expected}, as was asked for`,
    remedy: authority,
  });
}

/** One key for two purposes would let whoever may use it for the one do the other. */
function requireFitting(use: OwnCertificate['use'], known: Awaited<ReturnType<typeof keyUse>>): void {
  if (known === undefined || known === use) return;
  throw mismatch({
    code: 'key-used-otherwise',
    found: `a certificate for ${use}, of a key that is for ${known}`,
    expected: `a certificate for ${known}, or another key`,
    remedy: `Make another key for ${use} here, and have a certificate issued for that`,
  });
}

function requireInDate({ notBefore, notAfter }: Certificate, now: Date): void {
  const expected = `one that is valid now, at ${now.toISOString()}`;
  if (now > notAfter) {
    throw mismatch({
      ...{ code: 'expired', found: `a certificate that ended at ${notAfter.toISOString()}`, expected },
      remedy: 'The authority has to issue a new one; if that is wrong, set the clock of this machine',
    });
  }
  if (now >= notBefore) return;
  throw mismatch({
    ...{ code: 'not-yet-valid', found: `a certificate that begins at ${notBefore.toISOString()}`, expected },
    remedy: 'Bring it again when it has begun; if that is wrong, set the clock of this machine',
  });
}

function requireAuthority(
  certificate: Certificate,
  use: OwnCertificate['use'],
  extras: readonly Certificate[],
  at: Date,
  configuration: GlobalConfiguration,
): IssuingCa {
  const { instance } = configuration;
  const issuers = issuersOf(certificate, instance, configuration);
  const [authority] = issuers;
  if (authority === undefined) {
    throw mismatch({
      code: 'authority-not-approved',
      found: `a certificate issued by ${certificate.issuer.describe()}`,
      expected: `one of an authority that ${instance} approves of`,
      remedy: 'Take the request to an approved authority, or ask the registry to approve of this one',
    });
  }
  try {
    buildPath({ leaf: certificate, extras, anchors: issuers.map((one) => one.certificate), at });
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw mismatch({
      code: 'not-issued-by-authority',
      found: `a certificate that names ${certificate.issuer.describe()} (${error.message})`,
      expected: 'its signature by that authority, as the registry knows it',
      remedy:
        'Ask the authority for the certificate again, and the registry whether it knows the key that signs now',
    });
  }
  if (use === 'authentication' || !authority.authenticationOnly) return authority;
  throw mismatch({
    code: 'authority-authentication-only',
    found: `a signing certificate of '${authority.caName}', which is approved for authentication alone`,
    expected: 'one of an authority that may issue signing certificates',
    remedy: 'Take the request to another authority',
  });
}

function requireMember(
  certificate: Certificate,
  authority: IssuingCa,
  { settings }: CertificateContext,
): MemberId {
  const { serverId } = settings;
  const members = [memberOf(serverId), ...settings.current().content.clients.map(({ id }) => memberOf(id))];
  const here = [...new Set(members.map(printEncoded))].join(', ');
  let member: MemberId;
  try {
    member = memberOfSigningCertificate(certificate, authority.profile, serverId.instance);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw mismatch({
      code: 'subject-unreadable',
      found: error.message,
      expected: `a subject from which the profile of '${authority.caName}' reads a member`,
      remedy: 'The authority has to issue it by its profile, or the registry to name another profile for it',
    });
  }
  if (members.some((one) => equal(one, member))) return member;
  throw mismatch({
    code: 'other-member',
    found: `a signing certificate of ${printEncoded(member)}`,
    expected: `one of a member of this server: ${here}`,
    remedy: 'Add a client of that member first; or the authority has to issue it for the right member',
  });
}

function requireNoOtherServer(
  certificate: Certificate,
  configuration: GlobalConfiguration,
  { settings: { serverId } }: CertificateContext,
): void {
  const holder = configuration.serverByAuthCertificate(certificate);
  if (holder === undefined || equal(holder.id, serverId)) return;
  throw mismatch({
    code: 'other-server',
    found: `a certificate that is registered for ${printEncoded(holder.id)}`,
    expected: `one of ${printEncoded(serverId)}`,
    remedy:
      'Make a key of this server, and have a certificate issued for that; none is shared by two servers',
  });
}

/** Whoever expects one, and comes again, takes it as it is. */
async function requireNew(
  certificate: Certificate,
  expected: OwnCertificate['use'] | undefined,
  { settings }: CertificateContext,
): Promise<void> {
  const all = await ownCertificates(settings.db);
  if (expected !== undefined || !all.some((own) => isSameCertificate(own.certificate, certificate))) return;
  throw mismatch({
    code: 'already-there',
    found: `the certificate ${certificate.sha256.toString('hex')}, which this server has`,
    expected: 'a new one',
    remedy: 'Nothing has to be done; if it does not serve, its page says why',
  });
}

/** That nobody answers, or that an authority does not know yet what it just issued, is for later: it is asked again. */
async function requireNotRevoked(certificate: Certificate, { signer }: CertificateContext): Promise<void> {
  try {
    await signer.askStatus(certificate);
  } catch (error) {
    if (!(error instanceof OcspError) || error.code !== 'revoked') return;
    throw mismatch({
      code: 'revoked',
      found: `a certificate that its authority has revoked (${error.message})`,
      expected: 'one with a good status',
      remedy: 'Have a new one issued, for a new key if this one may be known to others',
    });
  }
}
