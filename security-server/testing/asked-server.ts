import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAnchor } from '../../gateway/configuration/index.ts';
import { askAdmin } from '../../gateway/http/testing/ask-admin.ts';
import { parseEncodedServer } from '../../gateway/identifier/index.ts';
import { initServer, type NewServer } from '../init.ts';
import type { RunningServer } from '../running-server.ts';
import { type Serving, serveFolder } from '../serve.ts';

export const pin = 'Correct-Horse-7';
const serverId = parseEncodedServer('DEV:GOV:1:ss1');

/** A server of a folder of its own on free ports, whose registry nobody can reach, and its administrator. */
export class AskedServer {
  /** Errors that nobody foresaw. */
  readonly reported: unknown[] = [];
  readonly data = join(mkdtempSync(join(tmpdir(), 'waygate-server-')), 'server');
  #serving: Serving | undefined;

  /** A server that was founded. @param isSignedIn whether it is started with its PIN */
  static async found(
    administrator?: NewServer['administrator'],
    { isSignedIn = true }: { readonly isSignedIn?: boolean } = {},
  ): Promise<AskedServer> {
    const asked = new AskedServer();
    await asked.init(administrator);
    await asked.start(isSignedIn ? pin : undefined);
    return asked;
  }

  /** Founds the server of the folder. */
  async init(administrator?: NewServer['administrator']): Promise<void> {
    const source = { url: 'http://127.0.0.1:1/internalconf', verificationCerts: [Buffer.from('nobody')] };
    const anchor = writeAnchor({ instance: serverId.instance, sources: [source] });
    const who = administrator === undefined ? {} : { administrator };
    await initServer({ data: this.data, id: serverId, pin, anchor, ...who });
  }

  /** Starts what is in the folder; the first start of a server, when nothing is. */
  async start(given?: string): Promise<void> {
    const { data } = this;
    const onTrouble = (about: string, error: unknown) => {
      // All else is trouble with others, and there are none here.
      if (['administration', 'console', 'joining'].includes(about)) this.reported.push(error);
    };
    const places = { data, peerHost: '127.0.0.1', peerPorts: [0], instancePeerPort: 1 };
    const folder = join(data, 'requests');
    this.#serving = await serveFolder(
      {
        ...{ data, clientHost: '127.0.0.1', clientPort: 0, clientTlsPort: 0 },
        ...{ peerHost: '127.0.0.1', peerPort: 0, instancePeerPort: 1 },
        ...{ adminHost: '127.0.0.1', adminPort: 0, timestampUrls: [], acceptableTimestampFailureMs: 0 },
        ...{ configurationPollMs: 60_000, allowedFederations: 'none', maxBodyBytes: 1_024 },
        ...{ onExchange: () => undefined, onTrouble },
        ...(given !== undefined && { pin: given }),
      },
      {
        places: { ...places, requestFolder: folder, certificateFolder: folder, devices: ['city & land'] },
        ...{ now: () => new Date(), pollMs: 20, onStep: () => undefined, onTrouble },
        ...{ askPin: () => Promise.resolve(undefined), onOpened: () => undefined },
      },
    );
  }

  get serving(): Serving {
    if (this.#serving === undefined) throw new Error('nothing runs');
    return this.#serving;
  }

  get running(): RunningServer {
    const { server } = this.serving;
    if (server === undefined) throw new Error('no server is founded');
    return server;
  }

  /** Asks the administration API. @param path below its version @param why of the change, as the audit log keeps it */
  ask(method: string, path: string, body?: unknown, why?: string) {
    return askAdmin(this.running, method, path, body, why);
  }

  /** Ends what runs, and leaves the folder. */
  async stop(): Promise<void> {
    await this.#serving?.close();
    this.#serving = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(join(this.data, '..'), { recursive: true });
  }
}
