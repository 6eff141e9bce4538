import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeAnchor } from '../../gateway/configuration/index.ts';
import { loadStartSettings } from '../cli/start-settings.ts';
import { initServer } from '../init.ts';
import { startServer } from '../main.ts';
import type { ServerSettings } from '../running-server.ts';
import { newSigner } from '../testing/configuration-source.ts';
import { pin } from '../testing/trust-services.ts';
import { startCause } from './index.ts';
import { serverId } from './testing/bench.ts';

let data: string;
beforeAll(async () => {
  data = join(mkdtempSync(join(tmpdir(), 'waygate-start-')), 'ss1');
  const { cert } = await newSigner();
  // Nobody listens there: a server starts without, and says so in its diagnoses.
  const sources = [{ url: 'http://127.0.0.1:1/conf', verificationCerts: [cert] }];
  await initServer({ data, id: serverId, pin, anchor: writeAnchor({ instance: 'DEV', sources }) });
});
afterAll(() => rmSync(data, { recursive: true }));

async function causeOf(more: Partial<ServerSettings>): Promise<string | undefined> {
  const hosts = { clientHost: '127.0.0.1', peerHost: '127.0.0.1', adminHost: '127.0.0.1' };
  try {
    const server = await startServer({
      ...{ ...hosts, data, pin, clientPort: 0, clientTlsPort: 0, peerPort: 0, adminPort: 0 },
      ...{ instancePeerPort: 1, timestampUrls: [], acceptableTimestampFailureMs: 0 },
      ...{ configurationPollMs: 3_600_000, allowedFederations: 'none', maxBodyBytes: 1_000_000 },
      onExchange: () => undefined,
      onTrouble: () => undefined,
      ...more,
    });
    await server.close();
    return 'started';
  } catch (error) {
    return startCause(error);
  }
}

describe('a server that does not start', () => {
  it('start-port-in-use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { readonly port: number };
    expect(await causeOf({ peerPort: port })).toBe('start-port-in-use');
    await new Promise((resolve) => other.close(resolve));
    expect(await causeOf({ peerPort: port })).toBe('started');
  });

  it('start-setting-invalid', () => {
    let error: unknown;
    try {
      loadStartSettings(undefined, { data, peerPort: 'many' });
    } catch (caught) {
      error = caught;
    }
    expect(startCause(error)).toBe('start-setting-invalid');
  });

  it('start-pin-wrong', async () => {
    expect(await causeOf({ pin: 'Wrong-Horse-7' })).toBe('start-pin-wrong');
  });

  it('start-log-damaged: its checkpoint was not signed by it', async () => {
    mkdirSync(join(data, 'messages'), { recursive: true });
    writeFileSync(join(data, 'messages', 'checkpoint'), 'x\n1\nAAAA\n\n— x AAAAAAAA\n');
    expect(await causeOf({})).toBe('start-log-damaged');
  });
});
