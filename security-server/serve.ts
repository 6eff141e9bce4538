import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FirstStart, firstStartFetch } from '../gateway/first-start/index.ts';
import {
  anyOf,
  type Fetch,
  fileKeyAuthentication,
  type ListenerInTurns,
  listenInTurns,
  loadOrCreateApiKey,
} from '../gateway/http/index.ts';
import { writeFileDurably } from '../gateway/store/index.ts';
import { createUnfoundedAdmin } from './admin/index.ts';
import { addFirstPages, serverRole } from './console/index.ts';
import { JoinDesk, type JoinDeskOptions, joiningServer } from './join/index.ts';
import { startServer } from './main.ts';
import type { RunningServer, ServerSettings } from './running-server.ts';

export interface Serving {
  /** Of the administration API, of the server or of what comes before it. */
  readonly adminUrl: string;
  /** Opens the first start, once; undefined when there is none. */
  readonly code: string | undefined;
  /** Undefined until a server is founded. */
  readonly server: RunningServer | undefined;
  close(): Promise<void>;
}

export interface JoiningSettings
  extends Omit<JoinDeskOptions, 'pin' | 'server' | 'isFounded' | 'isListening'> {
  /** Asks for the PIN of a server that was founded, when none was given; undefined: it starts signed out. */
  readonly askPin: () => Promise<string | undefined>;
  /** Told that the code of the first start opened it, from where, and which file has the next. */
  readonly onOpened: (address: string, codeFile: string) => void;
}

/** Version of the administration API, not of the program. */
const apiVersion = '1.0.0';

/**
 * Starts the server of a folder and goes on with a joining that was cut short. When no server is founded there, serves
 * a first start in which it joins an instance, in a browser or over the API; then that server, at the same address.
 * @throws what `startServer` throws
 */
export async function serveFolder(settings: ServerSettings, joining: JoiningSettings): Promise<Serving> {
  const { data, onTrouble } = settings;
  const { onOpened, askPin, ...rest } = joining;
  let firstStart: FirstStartServing | undefined;
  let starting: Promise<RunningServer> | undefined;
  let server: RunningServer | undefined;
  let isFounded = await isFoundedIn(data);
  const pin = settings.pin ?? (isFounded ? await askPin() : undefined);
  const start = async () => {
    try {
      const present = desk.pin;
      server = await startServer({
        ...settings,
        ...(present !== undefined && { pin: present }),
        ...(firstStart !== undefined && { adminListener: firstStart.listener }),
        join: desk,
      });
      isFounded = true;
      await firstStart?.door.close();
      return server;
    } catch (error) {
      // Whoever joins sees why, and lets the joining go on when it is mended.
      starting = undefined;
      throw error;
    }
  };
  const desk = new JoinDesk({
    ...rest,
    ...(pin !== undefined && { pin }),
    isListening: () => server !== undefined,
    isFounded: () => isFounded,
    server: async () => {
      starting ??= start();
      return joiningServer(await starting);
    },
  });
  if (isFounded) {
    starting = start();
    await starting;
  } else {
    firstStart = await serveFirstStart(settings, desk, onOpened, onTrouble);
  }
  await desk.resume();
  return {
    get adminUrl() {
      return server?.adminUrl ?? firstStart?.url ?? '';
    },
    code: firstStart?.door.code,
    get server() {
      return server;
    },
    close: async () => {
      await desk.close();
      await firstStart?.listener.close();
      await (await starting?.catch(() => undefined))?.close();
    },
  };
}

interface FirstStartServing {
  readonly door: FirstStart;
  readonly listener: ListenerInTurns;
  readonly url: string;
}

async function serveFirstStart(
  { data, adminHost, adminPort, adminUrl, adminProxies = [], now = () => new Date() }: ServerSettings,
  desk: JoinDesk,
  onOpened: JoiningSettings['onOpened'],
  onTrouble: ServerSettings['onTrouble'],
): Promise<FirstStartServing> {
  await mkdir(data, { recursive: true, mode: 0o700 });
  const apiKey = await loadOrCreateApiKey(join(data, 'api-key'), writeFileDurably);
  const door = await FirstStart.open({
    ...{ data, now, isHttps: adminUrl?.startsWith('https:') === true },
    onOpened: (address) => onOpened(address, door.codeFile),
  });
  const api = createUnfoundedAdmin(desk, door, {
    version: apiVersion,
    authenticate: anyOf(door.authenticate, fileKeyAuthentication(apiKey)),
    report: (error, reference) => onTrouble('administration', error, reference),
  });
  const fetch: Fetch = firstStartFetch({
    ...{ api, now, version: apiVersion, addPages: addFirstPages, role: serverRole },
    ...{ places: [adminHost, adminUrl], proxies: adminProxies },
    report: (error, reference) => onTrouble('console', error, reference),
  });
  const listener = await listenInTurns(fetch, adminHost, adminPort, '--admin-port');
  const host = adminHost.includes(':') ? `[${adminHost}]` : adminHost;
  return { door, listener, url: `http://${host}:${listener.port}` };
}

async function isFoundedIn(data: string): Promise<boolean> {
  try {
    await access(join(data, 'settings.sqlite'));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
