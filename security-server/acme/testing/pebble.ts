import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../../../gateway/http/testing/free-ports.ts';
import { webIdentity } from './web-identity.ts';

/** Let's Encrypt's ACME server for tests: it verifies for real, at a port of our choosing instead of 80. */
export interface Pebble {
  readonly directoryUrl: string;
  /** PEM file that verifies it. */
  readonly trustFile: string;
  /** Where it expects the responder. */
  readonly httpPort: number;
  close(): Promise<void>;
}

/** @param accounts MAC keys by key identifier; without them nobody needs an external account */
export async function startPebble(
  folder: string,
  accounts?: Readonly<Record<string, string>>,
): Promise<Pebble> {
  const port = await freePorts(4);
  const [managementPort, httpPort, tlsPort] = [port + 1, port + 2, port + 3];
  const { key, cert } = await webIdentity();
  const inFolder = (name: string) => join(folder, name);
  const [trustFile, keyFile, configFile] = [inFolder('ca.pem'), inFolder('key.pem'), inFolder('pebble.json')];
  await writeFile(trustFile, cert);
  await writeFile(keyFile, key);
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${managementPort}`,
    ...{ certificate: trustFile, privateKey: keyFile, httpPort, tlsPort, ocspResponderURL: '' },
    externalAccountBindingRequired: accounts !== undefined,
    ...(accounts !== undefined && { externalAccountMACKeys: accounts }),
  };
  await writeFile(configFile, JSON.stringify({ pebble }));
  // It refuses good nonces now and then, as it does by itself, and does not dawdle.
  const { PEBBLE_VA_ALWAYS_VALID: _, ...environment } = process.env;
  const child = spawn('pebble', ['-strict', '-config', configFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '20', PEBBLE_AUTHZREUSE: '0' },
  });
  let told = '';
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`pebble ended with ${code}: ${told}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      told = `${told}${chunk}`.slice(-20_000);
      if (told.includes('ACME directory available at')) resolve();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      told = `${told}${chunk}`.slice(-20_000);
    });
  });
  return {
    ...{ directoryUrl: `https://127.0.0.1:${port}/dir`, trustFile, httpPort },
    close: async () => {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}
