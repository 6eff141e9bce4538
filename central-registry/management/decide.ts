import { parseCertificate } from '../../certs/x509/index.ts';
import { printShort } from '../../gateway/identifier/index.ts';
import { type Book, checkName, isRegistered, RegisterError } from '../register/index.ts';
import { memberConcerned, needsApproval } from './approval-kinds.ts';
import { applyApproved, checkApprovable } from './approved-effects.ts';
import { type ManagementEntry, readEntry, setDecision } from './entries.ts';

/**
 * Lets a waiting request take effect. What was checked when it came is checked again: the register has moved on.
 * @throws RegisterError not-found, also while its member is not registered; in-use for a request decided before;
 *   exists, invalid when it cannot take effect any more
 */
export async function approveRequest(book: Book, id: number, at: Date): Promise<void> {
  const { request } = await requireWaiting(book, id);
  if (!needsApproval(request)) throw new RegisterError('invalid', `${request.kind} needs no approval`);
  await checkApprovable(book, request, id);
  const member = memberConcerned(request);
  if (!(await isRegistered(book, member))) {
    throw new RegisterError('not-found', `${printShort(member)} is not registered: add the member first`);
  }
  if (request.kind === 'authCertReg') {
    const { notAfter } = parseCertificate(request.authCert);
    if (notAfter <= at) {
      throw new RegisterError('invalid', `the certificate expired at ${notAfter.toISOString()}: decline it`);
    }
  }
  // Before its effect, which may revoke what else waits for the same server.
  await setDecision(book, id, { status: 'approved', at });
  await applyApproved(book, request, at);
}

/** @param reason goes to the administrator of the server @throws RegisterError not-found, in-use, invalid */
export async function declineRequest(book: Book, id: number, reason: string, at: Date): Promise<void> {
  checkName(reason, 'The reason');
  await setDecision(book, id, { status: 'declined', reason, at });
}

/** Takes a waiting request back on behalf of its sender. @throws RegisterError not-found, in-use, invalid */
export async function revokeRequest(
  book: Book,
  id: number,
  reason: string | undefined,
  at: Date,
): Promise<void> {
  if (reason !== undefined) checkName(reason, 'The reason');
  await setDecision(book, id, { status: 'revoked', reason, at });
}

async function requireWaiting(book: Book, id: number): Promise<ManagementEntry> {
  const entry = await readEntry(book, id);
  if (entry.status === 'waiting') return entry;
  throw new RegisterError('in-use', `management request ${id} was ${entry.status} before`);
}
