import { digestOf } from '../../../certs/key/index.ts';
import { Fault } from '../../fault/index.ts';
import { canonicalize, descendants, parseXml } from '../../xml/index.ts';
import type { SigningMaterial } from '../sign.ts';
import { createVerifier, type SignatureQuestion } from '../verify.ts';
import { alice, type Pki, type SignedMessage, signedAt } from './pki.ts';

/** Whether a message is signed by Alice, a second after her messages are. */
export function questionOf({ head, parts, documents }: SignedMessage, pki: Pki): SignatureQuestion {
  const { configuration } = pki;
  const at = new Date(signedAt.getTime() + 1000);
  return { head, parts, documents, signer: alice, configuration, at, mode: 'message' };
}

/** Code with which a signature is refused, or `accepted`. */
export function outcomeOf(question: SignatureQuestion, verifier = createVerifier()): string {
  try {
    verifier.verify(question);
  } catch (error) {
    if (error instanceof Fault) return [...error.within, error.code].join('.');
    throw error;
  }
  return 'accepted';
}

/** The message with another text in its signature document. */
export function altered(message: SignedMessage, from: string | RegExp, to: string): SignedMessage {
  const text = message.documents.signature.toString();
  const changed = text.replace(from, to);
  if (changed === text) throw new Error('nothing was altered');
  return { ...message, documents: { ...message.documents, signature: Buffer.from(changed) } };
}

/** Signs an altered signature document anew, as a member could who means harm. */
export async function resigned(
  message: SignedMessage,
  signer: SigningMaterial,
  change: (text: string) => string,
): Promise<SignedMessage> {
  const digest = (element: string, text: string) => {
    const found = [...descendants(parseXml(text))].find(({ name }) => name === element);
    if (found === undefined) throw new Error(`no ${element}`);
    return canonicalize(found);
  };
  let text = change(message.documents.signature.toString());
  const properties = digestOf('sha512', digest('xades:SignedProperties', text)).toString('base64');
  text = text.replace(
    /(URI="#signed-properties">.*?<ds:DigestValue>)[^<]*/,
    (_all, before: string) => before + properties,
  );
  const value = await signer.key.sign(digest('ds:SignedInfo', text), 'ieee-p1363');
  text = text.replace(
    /(<ds:SignatureValue[^>]*>)[^<]*/,
    (_all, before: string) => before + value.toString('base64'),
  );
  return { ...message, documents: { ...message.documents, signature: Buffer.from(text) } };
}
