import { Fault } from '../../gateway/fault/index.ts';
import { type ClientId, equal, memberOf, printShort } from '../../gateway/identifier/index.ts';
import type { ManagementRequest } from '../../gateway/management/index.ts';
import { type Book, isRegistered, requireOwn } from '../register/index.ts';
import {
  memberConcerned,
  needsApproval,
  type RequestToApprove,
  readAutomaticApproval,
} from './approval-kinds.ts';
import { applyApproved, checkApprovable } from './approved-effects.ts';
import { countWaiting, findMessage, insertEntry, type ManagementOrigin } from './entries.ts';
import type { Proof } from './evidence.ts';
import { applyAtOnce } from './immediate-effects.ts';

/** A request whose signatures, where it has any, were verified. */
export interface Submission {
  readonly origin: ManagementOrigin;
  /** Client of the message: the one who is answered. */
  readonly sender: ClientId;
  readonly messageId: string;
  /** Hex SHA-256 of the message as it was signed. */
  readonly digest: string;
  readonly request: ManagementRequest;
  /** What was verified of its signatures. */
  readonly evidence: readonly Proof[];
}

export interface Submitted {
  /** 0 for a request that was only checked. */
  readonly requestId: number;
  /** Whether the published part of the register changed. */
  readonly isPublished: boolean;
}

/** Requests of one member that may wait at a time: an administrator has to read them all. */
const maxWaiting = 100;

/**
 * Takes a request into the register: it takes effect, or waits for an administrator. The book is one transaction, so
 * of two requests that exclude each other the second finds what the first has done.
 *
 * The same message again is answered as before and changes nothing; another message under the same identifier is
 * refused, and so is one that asks for what is registered, or waits, already.
 * @throws Fault AccessDenied unless the sender owns the server, InvalidRequest for a message identifier used before
 *   or too many requests waiting; RegisterError when the register does not allow it
 * @see X-Road management services protocol
 */
export async function submitRequest(book: Book, submission: Submission, at: Date): Promise<Submitted> {
  const { request, sender, messageId, digest } = submission;
  requireOwn(book, request.server);
  const owner = memberOf(request.server);
  if (!equal(sender, owner)) {
    const message = `${printShort(sender)} does not own ${printShort(request.server)}: only its owner acts for a server`;
    throw new Fault('AccessDenied', message);
  }
  const former = await findMessage(book, owner, messageId);
  if (former?.digest === digest) return { requestId: former.id, isPublished: false };
  if (former !== undefined) {
    const message = `Message identifier '${messageId}' was used for management request ${former.id}: take a new one`;
    throw new Fault('InvalidRequest', message);
  }
  if (needsApproval(request)) return submitForApproval(book, { ...submission, request }, at);
  await applyAtOnce(book, request, at);
  const requestId = await record(book, submission, 'approved', at);
  return { requestId, isPublished: true };
}

async function submitForApproval(
  book: Book,
  submission: Submission & { readonly request: RequestToApprove },
  at: Date,
): Promise<Submitted> {
  const { request } = submission;
  await checkApprovable(book, request);
  if (request.kind === 'authCertReg' && request.dryRun === true) return { requestId: 0, isPublished: false };
  const isAutomatic =
    (await readAutomaticApproval(book))[request.kind] && (await isRegistered(book, memberConcerned(request)));
  if (isAutomatic) {
    await applyApproved(book, request, at);
    return { requestId: await record(book, submission, 'approved', at), isPublished: true };
  }
  const owner = memberOf(request.server);
  if ((await countWaiting(book, owner)) >= maxWaiting) {
    const message = `${maxWaiting} requests of ${printShort(owner)} wait for a decision: ask the registry to decide first`;
    throw new Fault('InvalidRequest', message);
  }
  return { requestId: await record(book, submission, 'waiting', at), isPublished: false };
}

function record(
  book: Book,
  { origin, messageId, digest, request, evidence }: Submission,
  status: 'waiting' | 'approved',
  at: Date,
): Promise<number> {
  return insertEntry(book, {
    origin,
    sender: memberOf(request.server),
    messageId,
    digest,
    request,
    evidence,
    status,
    createdAt: at,
    ...(status === 'approved' && { decidedAt: at }),
  });
}
