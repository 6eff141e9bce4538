import { accountClosed } from './account.ts';
import { authorize, type ChallengeResponder } from './authorize.ts';
import { type IssuedChain, readChain } from './chain.ts';
import { type AcmeIdentifier, type Order, orderSchema } from './documents.ts';
import { AcmeError } from './error.ts';
import { isSameIdentifier } from './identifier.ts';
import { problemError } from './problem.ts';
import type { AcmeSession } from './session.ts';
import { type Patience, waitFor } from './wait.ts';

export interface CertificateWanted {
  readonly identifiers: readonly AcmeIdentifier[];
  /** Name of one of the authority's own profiles; left out where it offers no choice. */
  readonly profile: string | undefined;
  /** From where the authority looks at our address, when that is known. */
  readonly verifiesFrom: string | undefined;
  /** DER SubjectPublicKeyInfo that the certificate has to be for. */
  readonly publicKeyInfo: Buffer;
  /** DER certificate request, made when the authority is convinced. */
  readonly request: () => Promise<Buffer>;
  /** Which certificate it takes the place of, as ARI names it. */
  readonly replaces?: string;
}

export interface Ordering {
  readonly responder: ChallengeResponder;
  readonly patience: Patience;
  readonly now: () => Date;
  /** Address of an order placed before a crash, if there is one. */
  readonly former: string | undefined;
  /** Remembers the address of an order before anything is done with it. */
  readonly keep: (order: string) => Promise<void>;
  /** Told what is waited for now. */
  readonly onProgress: (detail: string) => void;
}

interface Placed {
  readonly url: string;
  readonly order: Order;
}

/**
 * Orders a certificate, or goes on with an order from before: convinces the authority, hands in the request, waits,
 * and fetches what was issued.
 * @throws AcmeError
 * @see RFC 8555 §7.4
 */
export async function orderCertificate(
  session: AcmeSession,
  wanted: CertificateWanted,
  { responder, patience, now, former, keep, onProgress }: Ordering,
): Promise<IssuedChain> {
  const placed = (await findFormer(session, wanted, former)) ?? (await placeOrder(session, wanted));
  const { url } = placed;
  await keep(url);
  let { order } = placed;
  if (order.status === 'pending') {
    for (const authorization of order.authorizations) {
      onProgress('the authority verifies the address of this server');
      await authorize(session, authorization, { responder, patience, verifiesFrom: wanted.verifiesFrom });
    }
    order = await waitWhile(session, url, 'pending', patience);
  }
  if (order.status === 'ready') {
    onProgress('the request is handed in');
    const csr = (await wanted.request()).toString('base64url');
    const asked = 'the certificate request';
    await session.post({ url: order.finalize, payload: { csr }, asked });
  }
  onProgress('the authority issues the certificate');
  order = await waitWhile(session, url, 'processing', patience, 'ready');
  if (order.certificate === undefined) throw failure(order);
  const answer = await session.post({
    ...{ url: order.certificate, asked: 'the certificate', accept: 'application/pem-certificate-chain' },
  });
  const { publicKeyInfo, identifiers } = wanted;
  return readChain(answer.body, { publicKeyInfo, identifiers, now: now() });
}

/** @returns undefined when there is none that may still be fulfilled */
async function findFormer(
  session: AcmeSession,
  { identifiers }: CertificateWanted,
  url: string | undefined,
): Promise<Placed | undefined> {
  if (url === undefined) return undefined;
  try {
    const order = await readOrder(session, url);
    const isSame =
      order.document.identifiers.length === identifiers.length &&
      order.document.identifiers.every((one) => identifiers.some((b) => isSameIdentifier(one, b)));
    return order.document.status === 'invalid' || !isSame ? undefined : { url, order: order.document };
  } catch (error) {
    // The authority forgets orders in time, or they were another account's.
    if (error instanceof AcmeError && error.status !== undefined && error.status < 500) return undefined;
    throw error;
  }
}

/** How authorities refuse that a certificate is replaced, of which they know something else. @see RFC 9773 §5 */
const notReplaceable = ['alreadyReplaced', 'malformed', 'unauthorized'];

async function placeOrder(session: AcmeSession, wanted: CertificateWanted): Promise<Placed> {
  const { identifiers, profile, replaces } = wanted;
  const offered = session.directory.meta?.profiles;
  if (profile !== undefined && offered !== undefined && !Object.hasOwn(offered, profile)) {
    throw new AcmeError('refused', `the authority has no certificate profile called '${profile}'`, {
      remedy: 'tell the registry, which names that profile in its configuration',
    });
  }
  const isChoice = profile !== undefined && offered !== undefined;
  const place = (payload: object) =>
    session.postFor(orderSchema, { url: session.directory.newOrder, payload, asked: 'an order' });
  const payload = { identifiers, ...(isChoice && { profile }) };
  const isReplacing = replaces !== undefined && session.directory.renewalInfo !== undefined;
  const { document: order, location } = await (isReplacing
    ? place({ ...payload, replaces }).catch((error: unknown) => {
        // It was replaced before, or another account ordered it: then it is an order like any other.
        if (!(error instanceof AcmeError) || !notReplaceable.includes(error.problem ?? '')) throw error;
        return place(payload);
      })
    : place(payload)
  ).catch((error: unknown) => {
    // Nothing else of an order is a matter of authority than the account itself.
    if (!(error instanceof AcmeError) || error.problem !== 'unauthorized') throw error;
    throw accountClosed(error.message, { cause: error });
  });
  if (location === undefined) throw new AcmeError('malformed', 'the authority names no address of the order');
  return { url: location, order };
}

function readOrder(session: AcmeSession, url: string) {
  return session.postFor(orderSchema, { url, asked: 'the order' });
}

/** @returns the order in another state than these */
function waitWhile(
  session: AcmeSession,
  url: string,
  state: Order['status'],
  patience: Patience,
  also?: Order['status'],
): Promise<Order> {
  return waitFor('the order', patience, async () => {
    const { document, retryAfterMs } = await readOrder(session, url);
    if (document.status === 'invalid') throw failure(document);
    const isLasting = document.status === state || document.status === also;
    return isLasting ? { retryAfterMs } : { value: document };
  });
}

function failure({ error, status }: Order): AcmeError {
  if (error !== undefined) return problemError('the order', error);
  return new AcmeError('refused', `the order is ${status}, and the authority does not say why`);
}
