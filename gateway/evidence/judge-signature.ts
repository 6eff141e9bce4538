import type { Certificate } from '../../certs/x509/index.ts';
import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault, spellCode } from '../fault/index.ts';
import { equal, IdentifierError, memberOf, parseEncodedClient, printShort } from '../identifier/index.ts';
import {
  type SignatureVerifier,
  type VerifiedErasure,
  verifyContainer,
  verifyErasedContainer,
} from '../signature/index.ts';
import type { MessageFacts } from './facts.ts';
import type { KnownParts } from './judge-parts.ts';
import { bad, type Details, good, type Step } from './verdict.ts';

const id = 'container-signature';

export interface SignatureCase {
  readonly parts: KnownParts;
  readonly facts: MessageFacts;
  readonly configuration: GlobalConfiguration;
  /** Whose timestamps count: those of the configuration unless told. */
  readonly authorities?: readonly Certificate[] | undefined;
  readonly verifier: SignatureVerifier;
  readonly about: string;
}

export interface JudgedSignature {
  readonly step: Step;
  /** SHA-512 by name of what was signed and is not here; undefined unless the signature is good. */
  readonly signedAndErased?: ReadonlyMap<string, Buffer>;
  readonly warnings: readonly string[];
}

/**
 * Whether the member that the facts name signed the message, by a certificate that was good when an authority stamped
 * the signature. No present clock is asked: what expired or was revoked later changes nothing.
 */
export async function judgeSignature({
  parts,
  facts,
  configuration,
  authorities,
  verifier,
  about,
}: SignatureCase): Promise<JudgedSignature> {
  try {
    const signer = memberOf(
      parseEncodedClient(facts.direction === 'request' ? facts.client : facts.provider),
    );
    const { head } = parts.container;
    const asked = { configuration, authorities, verifier };
    const verified =
      parts.erased.length === 0 && head !== undefined
        ? await verifyContainer({ container: { ...parts.container, head }, ...asked })
        : verifyErasedContainer({ container: parts.container, signer, ...asked });
    if ('signer' in verified && !(equal(verified.signer, signer) && verified.direction === facts.direction)) {
      const text = `The message is a ${verified.direction} of ${printShort(verified.signer)}, recorded as a ${facts.direction} of ${printShort(signer)}.`;
      return { step: bad(id, about, 'signer-differs', text), warnings: [] };
    }
    const { signature, timestamp, warnings } = verified;
    const text = `${printShort(signer)} signed this ${facts.direction}, and the signature existed at ${timestamp.at.toISOString()}, when the certificate was good.`;
    return {
      step: good(id, about, text, detailsOf(printShort(signer), signature, timestamp)),
      signedAndErased: 'erased' in verified ? verified.erased : new Map(),
      warnings: warnings.map((warning) => `${about}: ${warning}`),
    };
  } catch (error) {
    if (!(error instanceof Fault) && !(error instanceof IdentifierError)) throw error;
    const text = `The signature is not good evidence: ${error.message}.`;
    const code = error instanceof Fault ? spellCode(error) : 'facts-malformed';
    return { step: bad(id, about, code, text), warnings: [] };
  }
}

function detailsOf(
  signer: string,
  { certificate, signedAt, covered }: VerifiedErasure['signature'],
  timestamp: VerifiedErasure['timestamp'],
): Details {
  return [
    ['signer', signer],
    ['certificate', certificate.subject.describe()],
    ['serial number', certificate.serialNumber.toString()],
    ['issued by', certificate.issuer.describe()],
    ['valid', `${certificate.notBefore.toISOString()} to ${certificate.notAfter.toISOString()}`],
    ['signed, as the signer says', signedAt?.toISOString() ?? 'at an unknown time'],
    ['timestamped', timestamp.at.toISOString()],
    ['timestamping authority', timestamp.certificate.subject.describe()],
    ['covers', covered.join(', ')],
  ];
}
