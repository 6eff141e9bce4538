import { openAccount } from './account.ts';
import { AcmeError } from './error.ts';
import { type AcmeHttps, openHttps } from './https.ts';
import { AcmeSession } from './session.ts';
import { type AcmeSettings, directoryOf, readExternalAccount } from './settings.ts';
import type { AcmeStore } from './store.ts';

export interface AuthorityAccess {
  readonly settings: AcmeSettings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly store: AcmeStore;
  readonly now: () => Date;
  /** Breaks off what is asked. */
  readonly signal: AbortSignal;
}

/**
 * Does something at an ACME server in the name of our account with it, which is made when there is none.
 * @throws AcmeError
 */
export async function withAccount<Result>(
  access: AuthorityAccess,
  directoryUrl: string,
  act: (session: AcmeSession) => Promise<Result>,
): Promise<Result> {
  const { settings, store, now, signal } = access;
  const { trustFile } = directoryOf(settings, directoryUrl);
  const https = await openHttps({ now, signal, ...(trustFile !== undefined && { trustFile }) });
  try {
    const { key, url } = await store.account(directoryUrl);
    if (url === undefined) return await act(await registered(access, https, directoryUrl));
    const session = await AcmeSession.open(https, directoryUrl, key);
    session.useAccount(url);
    try {
      return await act(session);
    } catch (error) {
      if (!(error instanceof AcmeError) || error.problem !== 'accountDoesNotExist') throw error;
      await store.keepAccountUrl(directoryUrl, undefined);
      return await act(await registered(access, https, directoryUrl));
    }
  } finally {
    await https.close();
  }
}

/** Reads something there that anybody may read: no account is made for it. @throws AcmeError */
export async function withoutAccount<Result>(
  { settings, store, now, signal }: AuthorityAccess,
  directoryUrl: string,
  read: (session: AcmeSession) => Promise<Result>,
): Promise<Result> {
  const { trustFile } = directoryOf(settings, directoryUrl);
  const https = await openHttps({ now, signal, ...(trustFile !== undefined && { trustFile }) });
  try {
    const { key } = await store.account(directoryUrl);
    return await read(await AcmeSession.open(https, directoryUrl, key));
  } finally {
    await https.close();
  }
}

async function registered(
  { settings, environment, store }: AuthorityAccess,
  https: AcmeHttps,
  directoryUrl: string,
): Promise<AcmeSession> {
  const directory = directoryOf(settings, directoryUrl);
  const { key } = await store.account(directoryUrl);
  const session = await AcmeSession.open(https, directoryUrl, key);
  const url = await openAccount(session, {
    contact: settings.contact,
    agreesToTerms: directory.agreesToTerms,
    externalAccount: await readExternalAccount(directory, environment),
  });
  await store.keepAccountUrl(directoryUrl, url);
  return session;
}
