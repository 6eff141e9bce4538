import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foundNetwork, type ProcessNetwork, type ServerName, type ServerProcess } from './processes.ts';

const names: readonly ServerName[] = ['ministry', 'city'];

describe('secrets', () => {
  let network: ProcessNetwork;
  const servers = {} as Record<ServerName, ServerProcess>;
  const answers: string[] = [];
  let pins: Record<string, string>;
  let keys: Record<string, string>;

  beforeAll(async () => {
    network = await foundNetwork();
    for (const name of names) servers[name] = await network.start(name);
    pins = JSON.parse(readFileSync(join(network.data, 'pilot-secrets.json'), 'utf8'));
    const keyOf = (name: string) => readFileSync(join(network.data, name, 'api-key'), 'utf8').trim();
    keys = Object.fromEntries(['ministry', 'city', 'registry'].map((name) => [name, keyOf(name)]));
    await use();
  });
  afterAll(() => network?.close());

  const adminUrl = (name: ServerName) =>
    `http://127.0.0.1:${Number(new URL(network.clientUrls[name]).port) + 2}`;

  /** Whatever an administrator, an information system or somebody guessing would do; keeps every answer. */
  async function use(): Promise<void> {
    const ask = async (
      url: string,
      options: { method?: string; body?: string; headers?: Record<string, string> } = {},
    ) => {
      const { method = 'GET', body, headers = {} } = options;
      const response = await request(url, { method: method as 'GET', body: body ?? null, headers });
      answers.push(
        `${response.statusCode} ${JSON.stringify(response.headers)} ${await response.body.text()}`,
      );
    };
    for (const name of names) {
      const authorized = { authorization: `Bearer ${keys[name]}`, 'content-type': 'application/json' };
      const description = await request(`${adminUrl(name)}/openapi.json`);
      const { paths } = (await description.body.json()) as { paths: Record<string, Record<string, unknown>> };
      for (const [path, methods] of Object.entries(paths)) {
        if ('get' in methods && !path.includes('{'))
          await ask(`${adminUrl(name)}${path}`, { headers: authorized });
      }
      await ask(`${adminUrl(name)}/api/v1/status`, { headers: { authorization: 'Bearer a wrong key' } });
      const activation = `${adminUrl(name)}/api/v1/token/activation`;
      await ask(activation, {
        method: 'POST',
        headers: authorized,
        body: JSON.stringify({ pin: `${pins[name]}-but-wrong` }),
      });
      await ask(activation, {
        method: 'POST',
        headers: authorized,
        body: JSON.stringify({ pin: pins[name] }),
      });
      await ask(activation, { method: 'POST', headers: authorized, body: `{"pin":"${pins[name]}` });
    }
    const exchange = `${network.clientUrls.city}/r1/PILOT/GOV/1001/population/register/persons/P-1001`;
    await ask(exchange, { headers: { 'X-Road-Client': 'PILOT/MUN/2001/portal', 'X-Road-Id': 'secrets-1' } });
    await ask(exchange, { headers: { 'X-Road-Client': 'PILOT/MUN/2001/nobody' } });
    await ask(`${network.clientUrls.city}/verificationconf`);
  }

  const findIn = (text: string) =>
    [...Object.values(pins), ...Object.values(keys)].filter((secret) => text.includes(secret)).length +
    (text.includes('PRIVATE KEY') ? 1 : 0);

  it('are in no answer, not even to who sent one', () => {
    expect(answers.length).toBeGreaterThan(15);
    expect(answers.filter((answer) => findIn(answer) > 0)).toEqual([]);
  });

  it('are in no line of the log', () => {
    for (const name of names) expect(findIn(servers[name].log())).toBe(0);
  });

  it.skipIf(!existsSync('/proc/self/cmdline'))('are in no argument of a process (needs /proc)', () => {
    const commands = readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        } catch {
          // It ended between the two looks.
          return '';
        }
      });
    expect(commands.filter((command) => command.includes(network.data)).length).toBeGreaterThan(1);
    expect(commands.filter((command) => findIn(command) > 0)).toEqual([]);
  });

  it('are in no file but those that are for them, and those only their owner may read', async () => {
    for (const name of names) await servers[name].stop();
    const files = readdirSync(network.data, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const holding = files
      .filter((file) => findIn(readFileSync(file, 'latin1')) > 0)
      .map((file) => relative(network.data, file));
    expect(holding.sort()).toEqual([
      'city/api-key',
      'ministry/api-key',
      'pilot-secrets.json',
      'registry/api-key',
    ]);
    const { statSync } = await import('node:fs');
    for (const file of holding) expect(statSync(join(network.data, file)).mode & 0o077).toBe(0);
  });
});
