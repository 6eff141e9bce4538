import { equal, memberOf, type ServerId, type SubsystemId } from '../../gateway/identifier/index.ts';
import {
  addServerClient,
  type Book,
  clientState,
  isServer,
  listServers,
  readSettings,
} from '../register/index.ts';

/**
 * An instance begins with a server behind which it takes management requests; they could not arrive there before. When
 * a server of the member whom the settings name joins, and no other takes them yet, it does.
 * @returns whether it does from now on
 */
export async function settleProvider(book: Book, server: ServerId): Promise<boolean> {
  const { managementServiceProvider: provider } = await readSettings(book);
  if (provider === undefined || !equal(memberOf(provider), memberOf(server))) return false;
  if (!(await isServer(book, server))) return false;
  const isTaken = (await listServers(book)).some(({ clients, disabledClients }) =>
    [...clients, ...disabledClients].some((id) => equal(id, provider)),
  );
  if (isTaken) return false;
  await addServerClient(book, server, provider);
  return true;
}

/** The subsystem that takes management requests, if it does behind this server. */
export async function providerBehind(book: Book, server: ServerId): Promise<SubsystemId | undefined> {
  const { managementServiceProvider: provider } = await readSettings(book);
  if (provider === undefined || !(await isServer(book, server))) return undefined;
  return (await clientState(book, server, provider)) === 'enabled' ? provider : undefined;
}
