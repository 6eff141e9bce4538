import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FirstStart, firstStartFetch } from '../gateway/first-start/index.ts';
import {
  anyOf,
  fileKeyAuthentication,
  type ListenerInTurns,
  listenInTurns,
  loadOrCreateApiKey,
} from '../gateway/http/index.ts';
import { writeFileDurably } from '../gateway/store/index.ts';
import { addFoundingPages, createUnfoundedApi, FoundingDesk, textsOf } from './founding/index.ts';
import { type FoundInFolder, lookForInstance } from './init.ts';
import { apiVersion, type RegistrySettings, type RunningRegistry, startRegistry, urlOf } from './main.ts';

export interface ServedFolder {
  /** Of the administration, of the registry or of its first start. */
  readonly adminUrl: string;
  /** Opens the first start, once; undefined when there is none. */
  readonly code: string | undefined;
  /** The registry as soon as one runs; rejects when one was founded and cannot be started. */
  readonly registry: Promise<RunningRegistry>;
  close(): Promise<void>;
}

export interface FolderSettings extends Omit<RegistrySettings, 'pin'> {
  /** The PIN, when it was given. */
  readonly pin?: string;
  /** Asks for the PIN of a registry that was founded, when none was given. */
  readonly askPin: () => Promise<string>;
  /** Told that the code of the first start opened it, from where, and which file has the next. */
  readonly onOpened: (address: string, codeFile: string) => void;
}

/**
 * Serves the registry of a folder. When none is founded there, serves a first start in which one is, in a browser or
 * over the API; then that registry, at the same address.
 * @throws what `startRegistry` throws
 */
export async function serveRegistry(settings: FolderSettings): Promise<ServedFolder> {
  const { pin, askPin, onOpened: _, ...rest } = settings;
  const former = await lookForInstance(settings.data);
  if (former?.isFounded !== true) return serveFirstStart(settings, former);
  const registry = await startRegistry({ ...rest, pin: pin ?? (await askPin()) });
  return {
    adminUrl: registry.adminUrl,
    code: undefined,
    registry: Promise.resolve(registry),
    close: () => registry.close(),
  };
}

async function serveFirstStart(
  settings: FolderSettings,
  former: FoundInFolder | undefined,
): Promise<ServedFolder> {
  const { pin, askPin: _, onOpened, ...rest } = settings;
  const { data, adminHost, adminPort, adminUrl, adminProxies = [], report } = rest;
  const now = rest.now ?? (() => new Date());
  await mkdir(data, { recursive: true, mode: 0o700 });
  const apiKey = await loadOrCreateApiKey(join(data, 'api-key'), writeFileDurably);
  const door = await FirstStart.open({
    ...{ data, now, isHttps: adminUrl?.startsWith('https:') === true },
    onOpened: (address) => onOpened(address, door.codeFile),
  });
  let listener: ListenerInTurns | undefined;
  let running: RunningRegistry | undefined;
  let tell: (started: Promise<RunningRegistry>) => void = () => undefined;
  const registry = new Promise<RunningRegistry>((resolve) => {
    tell = resolve;
  });
  // Whoever founds is told as well; nobody else may be there to hear it.
  registry.catch(() => undefined);
  const desk = new FoundingDesk({
    ...{ data, pin, former, now },
    start: async (chosen) => {
      const place = listener === undefined ? {} : { adminListener: listener };
      const starting = startRegistry({ ...rest, ...place, pin: chosen });
      tell(starting);
      running = await starting;
      await door.close();
    },
  });
  const api = createUnfoundedApi(desk, door, {
    ...{ version: apiVersion, report },
    authenticate: anyOf(door.authenticate, fileKeyAuthentication(apiKey)),
  });
  const fetch = firstStartFetch({
    ...{ api, now, report, version: apiVersion, addPages: addFoundingPages },
    role: (visit) => textsOf(visit).role,
    ...{ places: [adminHost, adminUrl], proxies: adminProxies },
  });
  listener = await listenInTurns(fetch, adminHost, adminPort, '--admin-port');
  const { port, close } = listener;
  return {
    adminUrl: urlOf(adminHost, port),
    code: door.code,
    registry,
    close: async () => {
      await desk.close();
      await close();
      await running?.close();
    },
  };
}
