import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  fileKeyAuthentication,
  type Listening,
  listen,
  loadOrCreateApiKey,
  onlyForHosts,
  serverOf,
} from '../gateway/http/index.ts';
import { writeFileDurably } from '../gateway/store/index.ts';
import { createUnfoundedAdmin } from './admin/index.ts';
import { JoinDesk, type JoinDeskOptions, joiningServer } from './join/index.ts';
import { startServer } from './main.ts';
import type { RunningServer, ServerSettings } from './running-server.ts';

export interface Serving {
  /** Of the administration API, of the server or of what comes before it. */
  readonly adminUrl: string;
  /** Undefined until a server is founded. */
  readonly server: RunningServer | undefined;
  close(): Promise<void>;
}

/** Version of the administration API, not of the program. */
const apiVersion = '1.0.0';

/**
 * Starts the server of a folder and goes on with a joining that was cut short. When no server is founded there,
 * serves what it takes to join an instance, until it has one; then that server, in its place.
 * @throws what `startServer` throws
 */
export async function serveFolder(
  settings: ServerSettings & { readonly pin: string },
  joining: Omit<JoinDeskOptions, 'pin' | 'server'>,
): Promise<Serving> {
  const { data, pin, onTrouble } = settings;
  let waiting: Waiting | undefined;
  let starting: Promise<RunningServer> | undefined;
  let server: RunningServer | undefined;
  const isJoining = !(await isFounded(data));
  const start = async () => {
    // The server listens where this did.
    await waiting?.listening.close(closingGraceMs);
    waiting = undefined;
    try {
      server = await startServer({ ...settings, join: desk });
      return server;
    } catch (error) {
      // Somebody has to see why, and to let the joining go on when it is mended.
      starting = undefined;
      if (isJoining) waiting = await waitForInvitation(settings, desk, onTrouble);
      throw error;
    }
  };
  const desk = new JoinDesk({
    ...joining,
    pin,
    isListening: () => server !== undefined,
    server: async () => {
      starting ??= start();
      return joiningServer(await starting);
    },
  });
  if (isJoining) {
    waiting = await waitForInvitation(settings, desk, onTrouble);
  } else {
    starting = start();
    await starting;
  }
  await desk.resume();
  return {
    get adminUrl() {
      return server?.adminUrl ?? waiting?.url ?? '';
    },
    get server() {
      return server;
    },
    close: async () => {
      await desk.close();
      await waiting?.listening.close();
      await (await starting?.catch(() => undefined))?.close();
    },
  };
}

const closingGraceMs = 2_000;

interface Waiting {
  readonly listening: Listening;
  readonly url: string;
}

async function waitForInvitation(
  { data, adminHost, adminPort, adminUrl }: ServerSettings,
  desk: JoinDesk,
  onTrouble: ServerSettings['onTrouble'],
): Promise<Waiting> {
  await mkdir(data, { recursive: true, mode: 0o700 });
  const apiKey = await loadOrCreateApiKey(join(data, 'api-key'), writeFileDurably);
  const admin = createUnfoundedAdmin(desk, {
    version: apiVersion,
    authenticate: fileKeyAuthentication(apiKey),
    report: (error, reference) => onTrouble('administration', error, reference),
  });
  const listening = await listen(
    serverOf(onlyForHosts([adminHost, adminUrl], admin.fetch)),
    adminHost,
    adminPort,
    '--admin-port',
  );
  const host = adminHost.includes(':') ? `[${adminHost}]` : adminHost;
  return { listening, url: `http://${host}:${listening.port}` };
}

async function isFounded(data: string): Promise<boolean> {
  try {
    await access(join(data, 'settings.sqlite'));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
