import { createPrivateKey } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, relative } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriveKey, type Sealed, unseal } from '../../certs/token/seal.ts';
import { type Listening, listen } from '../../gateway/http/index.ts';
import { adminClient } from '../../pilot/index.ts';
import { foundNetwork, type ProcessNetwork, type ServerName, type ServerProcess } from './processes.ts';

const names: readonly ServerName[] = ['ministry', 'city'];
const components = [...names, 'registry'] as const;
type Component = (typeof components)[number];
const wrongPin = 'Wrong-Battery-Staple-9';
const wrongKey = 'TmV2ZXItdGhlLWtleS1vZi1hbnlib2R5';

/** After some work and many mistakes, every place that a secret could have slipped to is searched for it. */
describe('secrets', () => {
  let network: ProcessNetwork;
  const servers: ServerProcess[] = [];
  let register: Listening;
  let pins: Readonly<Record<Component | 'authority' | 'issue', string>>;
  const apiKeys = {} as Record<Component, string>;
  /** Texts of which not even the beginning may be seen, by what they are. */
  const texts = new Map<string, string>();
  /** Private keys as numbers, and what seals them, by what they are. */
  const numbers = new Map<string, Buffer>();
  /** All that was answered, logged and reported. */
  const said: { readonly where: string; readonly text: string }[] = [];

  beforeAll(async () => {
    network = await foundNetwork();
    pins = JSON.parse(readFileSync(join(network.data, 'pilot-secrets.json'), 'utf8')) as typeof pins;
    for (const [name, pin] of Object.entries(pins)) texts.set(`secret of ${name}`, pin);
    for (const name of components) {
      apiKeys[name] = readFileSync(join(network.data, name, 'api-key'), 'utf8').trim();
      texts.set(`API key of ${name}`, apiKeys[name]);
    }
    texts.set('wrong PIN', wrongPin);
    texts.set('wrong API key', wrongKey);
    const refusal = network.start('city', [], wrongPin);
    await expect(refusal).rejects.toThrow(/PIN is not right/);
    said.push({ where: 'start with a wrong PIN', text: String(await refusal.catch(String)) });
    for (const name of names) servers.push(await network.start(name, ['--log-level', 'debug']));
    for (const name of [...components, 'authority'] as const) await collectKeys(name);
    await exchange();
    for (const name of components) await administer(name);
    await orderCertificates();
    for (const server of servers) said.push({ where: 'log of a server', text: server.log() });
    said.push({ where: 'reports', text: network.troubles.map(String).join('\n') });
  });
  afterAll(async () => {
    await network?.close();
    await register?.close(100);
  });

  /** Opens a token as only its owner can, to know what must not be found. */
  async function collectKeys(name: Component | 'authority'): Promise<void> {
    const stored = readFileSync(join(network.data, name, 'token', 'token.json'), 'utf8');
    const { derivation, masterKey, keys } = JSON.parse(stored) as {
      readonly derivation: Parameters<typeof deriveKey>[1];
      readonly masterKey: Sealed;
      readonly keys: readonly { readonly id: string; readonly privateKey: Sealed }[];
    };
    const master = unseal(await deriveKey(pins[name], derivation), masterKey, 'master');
    if (master === undefined) throw new Error(`the token of the ${name} does not open`);
    numbers.set(`master key of ${name}`, master);
    for (const { id, privateKey } of keys) {
      const pkcs8 = unseal(master, privateKey, id);
      if (pkcs8 === undefined) throw new Error(`key ${id} does not open`);
      const { d } = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' });
      numbers.set(`key ${id} of ${name}`, Buffer.from(String(d), 'base64url'));
    }
  }

  async function ask(
    url: string,
    options: { readonly method?: string; readonly key?: string | undefined; readonly body?: string } = {},
  ) {
    const { method = 'GET', key, body } = options;
    const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const headers = { ...authorization, 'content-type': 'application/json' };
    const response = await request(url, { method: method as 'GET', headers, body: body ?? null });
    const text = await response.body.text();
    const where = `${method} ${url} ${response.statusCode}`;
    said.push({ where, text: `${JSON.stringify(response.headers)} ${text}` });
    return { status: response.statusCode, text };
  }

  /** Calls that succeed, and calls that each party refuses. */
  async function exchange(): Promise<void> {
    const admin = adminClient(network.urls.ministry, apiKeys.ministry);
    const path = '/clients/PILOT%3AGOV%3A1001%3Apopulation/services';
    const [service] = await admin.get<readonly { readonly url: string }[]>(path);
    const { port } = new URL(service?.url ?? '');
    const answering = createServer((_incoming, outgoing) => outgoing.end('{"name":"Aino"}'));
    register = await listen(answering, '127.0.0.1', Number(port), 'none');
    const statuses = new Set<number>();
    for (const path of [
      'population/register/persons/P-1001',
      'population/none',
      'nobody/x',
      'inspection/x',
    ]) {
      for (const client of [
        'MUN/2001/permits',
        'MUN/2001/portal',
        'MUN/2001/nobody',
        'GOV/1001/population',
      ]) {
        const url = `${network.clientUrls.city}/r1/PILOT/GOV/1001/${path}`;
        const response = await request(url, { headers: { 'X-Road-Client': `PILOT/${client}` } });
        statuses.add(response.statusCode);
        said.push({ where: `exchange ${path}`, text: await response.body.text() });
      }
    }
    expect([...statuses]).toEqual(expect.arrayContaining([200, 500]));
  }

  /** Slips and guesses, and every question that the API describes of itself. */
  async function administer(name: Component): Promise<void> {
    const base = network.urls[name];
    const key = apiKeys[name];
    expect((await ask(`${base}/api/v1/keys`, { key: wrongKey })).status).toBe(401);
    if (name !== 'registry') {
      const activation = `${base}/api/v1/tokens/software/activation`;
      const enter = (body: string) => ask(activation, { method: 'POST', key, body });
      const pin = pins[name];
      const slips = [`{"pin":${pin}}`, `{"pin":"${pin}`, JSON.stringify({ PIN: pin }), `["${pin}"]`, pin];
      for (const body of [...slips, JSON.stringify({ pin: wrongPin })]) {
        expect((await enter(body)).status).toBeGreaterThanOrEqual(400);
      }
      expect((await enter(JSON.stringify({ pin }))).status).toBe(204);
    }
    const { paths } = JSON.parse((await ask(`${base}/openapi.json`)).text) as {
      readonly paths: Readonly<Record<string, object>>;
    };
    const isCity = name === 'city';
    const records = name === 'registry' ? undefined : await ask(`${base}/api/v1/evidence/records`, { key });
    const [record] = records === undefined ? [] : (JSON.parse(records.text) as RecordsAnswer).records;
    const known: Readonly<Record<string, string>> = {
      queryId: record?.queryId ?? '',
      client: isCity ? 'PILOT%3AMUN%3A2001%3Apermits' : 'PILOT%3AGOV%3A1001%3Apopulation',
      service: isCity ? 'building-permits' : 'register',
      source: 'internal',
    };
    const ofFirst = async (path: string, parameter: string) => {
      const { status, text } = await ask(`${base}${path}`, { key });
      const row =
        status === 200 ? (JSON.parse(text) as readonly Readonly<Record<string, unknown>>[])[0] : undefined;
      const value = row?.[parameter] ?? row?.['id'];
      return value === undefined ? undefined : encodeURIComponent(String(value));
    };
    const questions = Object.keys(paths).filter((path) => 'get' in (paths[path] ?? {}));
    expect(questions.length).toBeGreaterThan(5);
    const odd: string[] = [];
    for (const path of questions) {
      const period = path.endsWith('/gaps')
        ? '?from=2026-01-01T00:00:00Z&to=2100-01-01T00:00:00Z'
        : path.endsWith('/expiring-certificates')
          ? '?before=2100-01-01T00:00:00Z'
          : '';
      const [, list = '', first = ''] = /^([^{]*)\/\{(\w+)\}/.exec(path) ?? [];
      // What is known is of clients and of the log; other things may have parameters of the same name.
      const isKnown = /^\/api\/v1\/(?:clients|evidence|anchors)\b/.test(path);
      const value = isKnown ? known[first] : first === '' ? undefined : await ofFirst(list, first);
      const partOf = (name: string) => (name === first ? value : isKnown ? known[name] : undefined);
      const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => partOf(name) ?? 'none');
      const isWhole = [...path.matchAll(/\{(\w+)\}/g)].every(([, name = '']) => partOf(name) !== undefined);
      const { status } = await ask(`${base}${filled}${period}`, { key });
      // Of what nobody has made here there is none; a key has no sessions.
      const isAbsent = !isWhole && status >= 400 && status < 500;
      if (status !== 200 && !isAbsent && path !== '/api/v1/sessions') odd.push(`${path} ${status}`);
    }
    expect(odd).toEqual([]);
  }

  async function orderCertificates(): Promise<void> {
    const issue = `${network.urls.authority}/issue`;
    expect((await ask(issue, { method: 'POST', key: wrongKey, body: '{}' })).status).toBe(401);
    expect((await ask(issue, { method: 'POST', key: pins.issue, body: '{' })).status).toBe(400);
  }

  /** What of the secrets stands in `bytes`: a few first characters are enough. */
  function found(bytes: Buffer): string[] {
    const inText = [...texts].filter(([, text]) => bytes.includes(text.slice(0, 8)));
    const inNumbers = [...numbers].filter(([, number]) =>
      // How base64 writes bytes that lie within others depends on where they begin: one of three ways.
      [number, number.toString('hex'), ...[0, 1, 2].map((skip) => base64From(number, skip))].some((form) =>
        bytes.includes(form),
      ),
    );
    const isPem = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(bytes.toString('latin1'));
    return [...[...inText, ...inNumbers].map(([what]) => what), ...(isPem ? ['a PEM key'] : [])];
  }

  it('are found where they are: this search is no empty promise', () => {
    const [number = Buffer.alloc(0)] = numbers.values();
    expect(numbers.size).toBeGreaterThan(10);
    for (const before of [36, 37, 38]) {
      const pkcs8 = Buffer.concat([Buffer.alloc(before, 1), number, Buffer.alloc(5)]);
      expect(found(pkcs8)).toHaveLength(1);
      expect(found(Buffer.from(pkcs8.toString('base64')))).toHaveLength(1);
    }
    expect(found(Buffer.from(`key ${apiKeys.city.slice(0, 10)}…`))).toEqual(['API key of city']);
  });

  it('are in no answer, no error and no line of a log, not even to who sent one', () => {
    const slips = said.flatMap(({ where, text }) =>
      found(Buffer.from(text)).map((what) => `${what}: ${where}`),
    );
    expect(slips).toEqual([]);
    expect(said.length).toBeGreaterThan(60);
    for (const server of servers) expect(server.log().length).toBeGreaterThan(100);
  });

  it.skipIf(!existsSync('/proc/self/cmdline'))('are in no argument of a process (needs /proc)', () => {
    for (const { pid } of servers) {
      const command = readFileSync(`/proc/${pid}/cmdline`);
      expect(command.toString()).toContain(network.data);
      expect(found(command)).toEqual([]);
    }
  });

  it('are in no file but those that are for them, and those only their owner may read', () => {
    const files = readdirSync(network.data, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const holding = files.filter((file) => found(readFileSync(file)).length > 0);
    expect(holding.map((file) => relative(network.data, file)).sort()).toEqual([
      'city/api-key',
      'city/journal/key.json',
      'ministry/api-key',
      'ministry/journal/key.json',
      'pilot-secrets.json',
      'registry/api-key',
      'registry/history/key.json',
      'registry/journal/key.json',
    ]);
    const sealed = files.filter((file) => file.endsWith('token.json'));
    for (const file of [...holding, ...sealed]) expect(statSync(file).mode & 0o077).toBe(0);
  });
});

interface RecordsAnswer {
  readonly records: readonly { readonly queryId: string }[];
}

/** The characters that stand for `bytes` alone, when `skip` of its octets share theirs with what is before. */
function base64From(bytes: Buffer, skip: number): string {
  const rest = bytes.subarray(skip);
  return rest.subarray(0, rest.length - (rest.length % 3)).toString('base64');
}
