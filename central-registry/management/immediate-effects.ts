import { type ClientId, equal, printShort, type ServerId } from '../../gateway/identifier/index.ts';
import type { ManagementRequest } from '../../gateway/management/index.ts';
import {
  type Book,
  changeServer,
  clientState,
  findServer,
  RegisterError,
  readCertificate,
  readSettings,
  removeAuthenticationCertificate,
  removeServerClient,
  renameSubsystem,
  type SecurityServer,
  serverOfCertificate,
  setClientEnabled,
} from '../register/index.ts';
import type { RequestToApprove } from './approval-kinds.ts';
import { listWaiting, type ManagementEntry, setDecision } from './entries.ts';

export type ImmediateRequest = Exclude<ManagementRequest, RequestToApprove>;
type Of<Kind extends ImmediateRequest['kind']> = Extract<ImmediateRequest, { readonly kind: Kind }>;
type OnClient = Extract<ImmediateRequest, { readonly client: ClientId }>;

/**
 * Lets a request take effect that waits for nobody. A deletion also revokes the registration that it overtakes.
 * @throws RegisterError not-found, invalid
 */
export async function applyAtOnce(book: Book, request: ImmediateRequest, at: Date): Promise<void> {
  const { server } = request;
  switch (request.kind) {
    case 'authCertDeletion':
      return deleteCertificate(book, request, at);
    case 'clientDeletion':
      return deleteClient(book, request, at);
    case 'clientDisable':
      return setClientEnabled(book, server, request.client, false);
    case 'clientEnable':
      return setClientEnabled(book, server, request.client, true);
    case 'clientRename':
      return renameClient(book, request);
    case 'addressChange':
      return changeServer(book, { ...(await requireEntry(book, server)), address: request.address });
    case 'maintenanceModeEnable': {
      await refuseManagementHost(book, server);
      const { message } = request;
      const maintenance = message === undefined ? {} : { message };
      return changeServer(book, { ...(await requireEntry(book, server)), maintenance });
    }
    case 'maintenanceModeDisable': {
      const { id, address } = await requireEntry(book, server);
      return changeServer(book, { id, address });
    }
  }
}

async function deleteCertificate(
  book: Book,
  { server, authCert }: Of<'authCertDeletion'>,
  at: Date,
): Promise<void> {
  const { der, sha256 } = readCertificate(authCert, 'The authentication certificate');
  const holder = await serverOfCertificate(book, sha256);
  if (holder !== undefined && equal(holder, server)) {
    return removeAuthenticationCertificate(book, server, sha256);
  }
  const isOvertaken = ({ request }: ManagementEntry) =>
    request.kind === 'authCertReg' && equal(request.server, server) && request.authCert.equals(der);
  const overtaken = (await listWaiting(book, 'authCertReg')).find(isOvertaken);
  if (overtaken === undefined) {
    throw new RegisterError('not-found', `the certificate is not registered for ${printShort(server)}`);
  }
  await revokeOvertaken(book, overtaken, at);
}

async function deleteClient(book: Book, { server, client }: OnClient, at: Date): Promise<void> {
  const state = await clientState(book, server, client);
  if (state === 'owner') {
    throw new RegisterError('invalid', `${printShort(client)} owns the server: give that to another first`);
  }
  if (state !== 'none') return removeServerClient(book, server, client);
  const isOvertaken = ({ request }: ManagementEntry) =>
    request.kind === 'clientReg' && equal(request.server, server) && equal(request.client, client);
  const overtaken = (await listWaiting(book, 'clientReg')).find(isOvertaken);
  if (overtaken === undefined) {
    throw new RegisterError('not-found', `${printShort(client)} is not a client of ${printShort(server)}`);
  }
  await revokeOvertaken(book, overtaken, at);
}

function revokeOvertaken(book: Book, { id }: ManagementEntry, at: Date): Promise<void> {
  return setDecision(book, id, { status: 'revoked', reason: 'the server asked for its deletion', at });
}

async function renameClient(
  book: Book,
  { server, client, subsystemName }: Of<'clientRename'>,
): Promise<void> {
  if (client.kind !== 'SUBSYSTEM') {
    throw new RegisterError(
      'invalid',
      `${printShort(client)} is a member: subsystems are renamed by request`,
    );
  }
  if ((await clientState(book, server, client)) === 'none') {
    throw new RegisterError('not-found', `${printShort(client)} is not a client of ${printShort(server)}`);
  }
  await renameSubsystem(book, { id: client, name: subsystemName });
}

/** Peers would pass over the server, and the request that ends its maintenance could not arrive. */
async function refuseManagementHost(book: Book, server: ServerId): Promise<void> {
  const { managementServiceProvider: provider } = await readSettings(book);
  if (provider === undefined || (await clientState(book, server, provider)) === 'none') return;
  const message = `${printShort(server)} hosts the management service and cannot be put into maintenance by request`;
  throw new RegisterError('invalid', message);
}

async function requireEntry(book: Book, server: ServerId): Promise<SecurityServer> {
  const entry = await findServer(book, server);
  if (entry !== undefined) return entry;
  throw new RegisterError('not-found', `security server ${printShort(server)} is not registered`);
}
