import { type Certificate, isIssuedBy, parseCertificate } from '../../certs/x509/index.ts';
import type { AcmeIdentifier } from './documents.ts';
import { AcmeError, printable } from './error.ts';
import { identifierOf, isSameIdentifier } from './identifier.ts';

/** What an authority issued: for the right key and address, chained; whether it is trusted is judged elsewhere. */
export interface IssuedChain {
  readonly certificate: Certificate;
  /** From the issuer of the certificate upwards. */
  readonly intermediates: readonly Certificate[];
}

const maxCertificates = 10;
const block = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/**
 * @param body `application/pem-certificate-chain`
 * @throws AcmeError malformed, wrong-certificate
 * @see RFC 8555 §9.1
 */
export function readChain(
  body: Buffer,
  wanted: {
    readonly publicKeyInfo: Buffer;
    readonly identifiers: readonly AcmeIdentifier[];
    readonly now: Date;
  },
): IssuedChain {
  const blocks = body.toString('latin1').match(block) ?? [];
  if (blocks.length > maxCertificates) {
    throw new AcmeError('malformed', `the authority answers with a chain of ${blocks.length} certificates`);
  }
  const [certificate, ...intermediates] = blocks.map(parse);
  if (certificate === undefined) {
    throw new AcmeError('malformed', 'the authority answers with no certificate in PEM form');
  }
  const fault = findFault(certificate, wanted);
  if (fault !== undefined) {
    throw new AcmeError('wrong-certificate', `the certificate that came ${fault}`, {
      remedy: 'tell the authority: it issued something else than was asked for, and should revoke it',
    });
  }
  let below = certificate;
  for (const above of intermediates) {
    if (!isIssuedBy(below, above)) {
      throw new AcmeError(
        'wrong-certificate',
        `${below.subject} is not issued by ${above.subject}, which follows it`,
      );
    }
    below = above;
  }
  return { certificate, intermediates };
}

function parse(pem: string): Certificate {
  try {
    return parseCertificate(Buffer.from(pem));
  } catch (cause) {
    throw new AcmeError('malformed', 'the authority answers with a certificate that cannot be read', {
      cause,
    });
  }
}

function findFault(
  { publicKeyInfo, subjectAltNames, notAfter }: Certificate,
  wanted: {
    readonly publicKeyInfo: Buffer;
    readonly identifiers: readonly AcmeIdentifier[];
    readonly now: Date;
  },
): string | undefined {
  if (!publicKeyInfo.equals(wanted.publicKeyInfo)) return 'is for another key';
  if (notAfter <= wanted.now) return `ended at ${notAfter.toISOString()}`;
  const named = subjectAltNames.map(identifierOf);
  const isIn = (all: readonly AcmeIdentifier[]) => (one: AcmeIdentifier) =>
    all.some((other) => isSameIdentifier(one, other));
  const lacking = wanted.identifiers.find((one) => !isIn(named)(one));
  if (lacking !== undefined) return `does not name ${lacking.value}`;
  const more = named.find((one) => !isIn(wanted.identifiers)(one));
  return more === undefined ? undefined : `names ${printable(more.value)} too, which nobody asked for`;
}
