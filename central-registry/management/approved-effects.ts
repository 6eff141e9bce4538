import {
  equal,
  type MemberId,
  printShort,
  type ServerId,
  type SubsystemId,
} from '../../gateway/identifier/index.ts';
import {
  addAuthenticationCertificate,
  addServer,
  addServerClient,
  addSubsystem,
  type Book,
  changeServer,
  changeServerOwner,
  checkAddress,
  checkCode,
  checkName,
  clientState,
  findServer,
  isRegistered,
  isServer,
  RegisterError,
  readCertificate,
  requireOwn,
  serverOfCertificate,
} from '../register/index.ts';
import type { RequestToApprove } from './approval-kinds.ts';
import { listWaiting, type ManagementEntry, setDecision } from './entries.ts';

type Of<Kind extends RequestToApprove['kind']> = Extract<RequestToApprove, { readonly kind: Kind }>;

/**
 * Checks that a request would take effect if it were approved now, apart from its member, who may be registered
 * between. One that waits for the same already stands in its way, so that of two only the first is decided upon.
 * @param except id of the request itself, when it waits
 * @throws RegisterError not-found, exists, invalid
 */
export async function checkApprovable(book: Book, request: RequestToApprove, except?: number): Promise<void> {
  requireOwn(book, request.server);
  const others = (await listWaiting(book, request.kind)).filter(({ id }) => id !== except);
  switch (request.kind) {
    case 'authCertReg':
      return checkCertificate(book, request, others);
    case 'clientReg':
      return checkClient(book, request, others);
    case 'ownerChange':
      return checkOwner(book, request, others);
  }
}

async function checkCertificate(
  book: Book,
  { server, address, authCert }: Of<'authCertReg'>,
  others: readonly ManagementEntry[],
): Promise<void> {
  checkCode(server.serverCode);
  if (address !== undefined) checkAddress(address);
  else if (!(await isServer(book, server))) {
    const message = `security server ${printShort(server)} is not registered: an address is needed to register it`;
    throw new RegisterError('invalid', message);
  }
  const { der, sha256 } = readCertificate(authCert, 'The authentication certificate');
  const holder = await serverOfCertificate(book, sha256);
  if (holder !== undefined) {
    throw new RegisterError('exists', `the certificate is registered for ${printShort(holder)} already`);
  }
  for (const { id, request } of others) {
    if (request.kind === 'authCertReg' && request.authCert.equals(der)) throw alreadyWaiting(id);
  }
}

async function checkClient(
  book: Book,
  { server, client, subsystemName }: Of<'clientReg'>,
  others: readonly ManagementEntry[],
): Promise<void> {
  if (client.kind === 'SUBSYSTEM') checkCode(client.subsystemCode);
  if (subsystemName !== undefined) checkName(subsystemName, 'The name of a subsystem');
  const state = await clientState(book, server, client);
  if (state === 'owner') {
    throw new RegisterError('invalid', `${printShort(client)} owns the server and is its client by that`);
  }
  if (state !== 'none') {
    throw new RegisterError('exists', `${printShort(client)} is a client of ${printShort(server)} already`);
  }
  for (const { id, request } of others) {
    if (request.kind !== 'clientReg') continue;
    if (equal(request.server, server) && equal(request.client, client)) throw alreadyWaiting(id);
  }
}

async function checkOwner(
  book: Book,
  { server, client }: Of<'ownerChange'>,
  others: readonly ManagementEntry[],
): Promise<void> {
  const state = await clientState(book, server, client);
  if (state === 'owner') {
    throw new RegisterError('exists', `${printShort(client)} owns ${printShort(server)} already`);
  }
  if (state !== 'enabled') {
    throw new RegisterError(
      'invalid',
      `${printShort(client)} is not a client in use of ${printShort(server)}`,
    );
  }
  const renamed = ownedBy(client, server);
  if (await isServer(book, renamed)) {
    throw new RegisterError('exists', `${printShort(renamed)} is registered already`);
  }
  for (const { id, request } of others) {
    if (request.kind !== 'ownerChange') continue;
    const isSame = equal(request.server, server) || equal(ownedBy(request.client, request.server), renamed);
    if (isSame) throw alreadyWaiting(id);
  }
}

/** Lets a request take effect. @throws RegisterError not-found, exists, invalid */
export async function applyApproved(book: Book, request: RequestToApprove, at: Date): Promise<void> {
  switch (request.kind) {
    case 'authCertReg':
      return registerCertificate(book, request);
    case 'clientReg':
      return registerClient(book, request);
    case 'ownerChange':
      await changeServerOwner(book, request.server, request.client);
      return revokeOfServer(book, request.server, at);
  }
}

async function registerCertificate(
  book: Book,
  { server, address, authCert }: Of<'authCertReg'>,
): Promise<void> {
  const known = await findServer(book, server);
  if (address !== undefined) {
    if (known === undefined) await addServer(book, { id: server, address });
    else await changeServer(book, { ...known, address });
  }
  await addAuthenticationCertificate(book, server, authCert);
}

/** A subsystem that is registered keeps its name: `clientRename` is there to change it. */
async function registerClient(book: Book, { server, client, subsystemName }: Of<'clientReg'>): Promise<void> {
  if (client.kind === 'SUBSYSTEM' && !(await isRegistered(book, client))) {
    await addSubsystem(book, subsystemOf(client, subsystemName));
  }
  await addServerClient(book, server, client);
}

function subsystemOf(id: SubsystemId, name: string | undefined) {
  return { id, ...(name !== undefined && { name }) };
}

/** Nobody speaks for the server under its former name, and approving what waits would found it anew. */
async function revokeOfServer(book: Book, server: ServerId, at: Date): Promise<void> {
  const reason = 'the server has another owner now';
  for (const { id, request } of await listWaiting(book, 'authCertReg', 'clientReg', 'ownerChange')) {
    if (equal(request.server, server)) await setDecision(book, id, { status: 'revoked', reason, at });
  }
}

function ownedBy(owner: MemberId, server: ServerId): ServerId {
  const { memberClass, memberCode } = owner;
  return { ...server, memberClass, memberCode };
}

function alreadyWaiting(id: number): RegisterError {
  return new RegisterError('exists', `management request ${id} for the same waits for a decision already`);
}
