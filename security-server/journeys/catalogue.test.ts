import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateKeyPair, softwareSigningKey } from '../../certs/key/index.ts';
import { buildName, createCertificate } from '../../certs/x509/index.ts';
import { bodyOf, startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';
import type { AdminClient } from '../../pilot/admin-client.ts';

interface Service {
  readonly id: string;
  readonly serviceCode: string;
  readonly title?: string;
  readonly mayCall: string;
  readonly provider: { readonly id: string; readonly memberName: string; readonly gatheredAt?: string };
}

interface Described extends Service {
  readonly endpoints: readonly {
    readonly method: string;
    readonly path: string;
    readonly mayCall?: boolean;
  }[];
  readonly description?: {
    readonly title: string;
    readonly operations: readonly {
      readonly method: string;
      readonly path: string;
      readonly summary?: string;
    }[];
  };
  readonly example?: {
    readonly path?: string;
    readonly calls: readonly { readonly language: string; readonly text: string }[];
  };
}

const population = 'PILOT:GOV:1001:population';
const [portal, permits] = ['PILOT:MUN:2001:portal', 'PILOT:MUN:2001:permits'];
const run = promisify(execFile);
const has = (command: string, argument = '--version') => spawnSync(command, [argument]).status === 0;

/** Languages with how a file of each is run, where it can be. */
const languages = [
  { language: 'curl', needs: 'curl', file: 'call.sh', command: ['sh', 'call.sh'], isThere: has('curl') },
  {
    language: 'TypeScript',
    needs: 'node',
    file: 'call.mjs',
    command: [process.execPath, 'call.mjs'],
    isThere: true,
  },
  {
    language: 'Python',
    needs: 'python3',
    file: 'call.py',
    command: ['python3', 'call.py'],
    isThere: has('python3'),
  },
  {
    language: 'Java',
    needs: 'java',
    file: 'Call.java',
    command: ['java', 'Call.java'],
    isThere: has('java') && has('javac'),
  },
] as const;

describe('the catalogue of a security server', () => {
  let network: TestNetwork;
  let city: AdminClient;
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'waygate-examples-'));
    network = await startNetwork();
    city = network.cityAdmin;
    await network.publish('for-the-portal', (_incoming, outgoing) => outgoing.end('served'));
  });
  afterAll(async () => {
    await network?.close();
    await rm(dir, { recursive: true });
  });

  const gather = async (order: object) => {
    await city.post('/catalogue/gatherings', order);
    while ((await city.get<{ waiting: number }>('/catalogue/status')).waiting > 0) {
      // Nothing else tells; who looks without a pause is told to look more slowly.
      await sleep(20);
    }
  };
  const listed = (query: Record<string, string>) =>
    city.get<Service[]>(`/catalogue?${new URLSearchParams(query)}`);
  const described = (service: string, query: Record<string, string> = {}) =>
    city.get<Described>(
      `/catalogue/services/${encodeURIComponent(`${population}:${service}`)}?${new URLSearchParams(query)}`,
    );
  const runExample = async (language: (typeof languages)[number], service: Described) => {
    const { text = '' } = service.example?.calls.find((one) => one.language === language.language) ?? {};
    await writeFile(join(dir, language.file), text);
    const [command, ...args] = language.command;
    const env = { ...process.env, SYSTEM_P12_PASSWORD: 'of-the-test' };
    return (await run(command, args, { cwd: dir, env })).stdout;
  };

  it('the city asks for its portal; the answer is what the ministry offers, and that the portal may call it', async () => {
    expect(await listed({})).toEqual([]);
    await gather({ client: portal, provider: population });
    const services = await listed({ client: portal, q: 'MINISTRY' });
    expect(services.map(({ serviceCode, mayCall }) => [serviceCode, mayCall])).toEqual([
      ['for-the-portal', 'yes'],
      ['personDetails', 'yes'],
      ['register', 'yes'],
    ]);
    expect(services[0]?.provider).toMatchObject({ id: population, memberName: 'Ministry of the Interior' });
    expect(services.find(({ serviceCode }) => serviceCode === 'register')?.title).toBe('Population register');
  });

  it('nobody asked for the permits yet; the answer is that it is not known what they may call, then what', async () => {
    const unknown = await listed({ client: permits });
    expect(new Set(unknown.map(({ mayCall }) => mayCall))).toEqual(new Set(['unknown']));
    await gather({ client: permits });
    const found = await listed({ client: permits, provider: population });
    expect(found.map(({ serviceCode, mayCall }) => [serviceCode, mayCall])).toEqual([
      ['for-the-portal', 'no'],
      ['personDetails', 'no'],
      ['register', 'some'],
    ]);
    const { endpoints } = await described('register', { client: permits });
    expect(endpoints.filter(({ mayCall }) => mayCall)).toEqual([
      { method: 'GET', path: '/persons/*', mayCall: true },
    ]);
    // Of the others, too: the city itself among them.
    expect((await listed({})).map(({ id }) => id)).toContain(`${permits}:building-permits`);
  });

  it('the questions are exchanges; the answer of both logs has them, and the journal who ordered them', async () => {
    for (const admin of [city, network.ministryAdmin]) {
      const query = new URLSearchParams({ party: population, limit: '100' });
      const records = await admin.get<{ serviceCode?: string }[]>(`/evidence/records?${query}`);
      const codes = new Set(JSON.stringify(records).match(/listMethods|allowedMethods|getOpenAPI|getWsdl/g));
      expect([...codes].sort()).toEqual(['allowedMethods', 'getOpenAPI', 'getWsdl', 'listMethods']);
    }
    const events = JSON.stringify(await city.get('/audit-events?limit=100'));
    expect(events).toContain('catalogue.gather');
  });

  it.each([
    [{ client: portal, provider: 'PILOT:GOV:1001:none' }, 'unknown-provider'],
    [{ client: population }, 'unknown-client'],
  ])('the client orders %j; the answer is %s', async (order, code) => {
    await expect(city.post('/catalogue/gatherings', order)).rejects.toThrow(code);
  });

  it('the description has its operations; the answer is examples of the one that was asked for', async () => {
    const register = await described('register', { client: portal, method: 'GET', path: '/persons/{code}' });
    expect(register.description?.operations.map(({ method, path }) => `${method} ${path}`)).toContain(
      'GET /persons/{code}',
    );
    expect(register.example?.path).toMatch(/^\/persons\//);
    expect(register.example?.calls.map(({ language }) => language)).toEqual(
      languages.map(({ language }) => language),
    );
  });

  for (const language of languages) {
    const title = `the example in ${language.language} is run as it stands; the answer is the service's (needs ${language.needs})`;
    it.skipIf(!language.isThere)(title, async () => {
      const service = await described('for-the-portal', { client: portal });
      expect(await runExample(language, service)).toContain('served');
    });

    it.skipIf(!language.isThere)(`${title}, over SOAP`, async () => {
      const details = await described('personDetails:v1', { client: portal });
      expect(await runExample(language, details)).toContain('personDetailsResponse');
    });
  }

  it.skipIf(!has('curl'))(
    'a provider describes a call that would send a file, and one that steps upwards; the answer is the text, and no program (needs curl)',
    async () => {
      const bodies: string[] = [];
      await network.publish('hostile', (incoming, outgoing) => {
        void bodyOf(incoming).then((body) => {
          bodies.push(body.toString());
          outgoing.end('taken');
        });
      });
      const body = { content: { 'text/plain': { example: "@/etc/hostname' $(id)" } } };
      const paths = { '/take': { post: { requestBody: body } }, '/../../../up': { get: {} } };
      const info = { title: '<script>alert(1)</script>', version: '1' };
      const document = Buffer.from(JSON.stringify({ openapi: '3.1.0', info, paths })).toString('base64');
      const description = `/clients/${encodeURIComponent(population)}/services/hostile/description`;
      const preview = { document };
      const { digest } = await network.ministryAdmin.post<{ digest: string }>(
        `${description}/preview`,
        preview,
      );
      await network.ministryAdmin.post(description, { document, digest });
      await gather({ client: portal, provider: population });
      const take = await described('hostile', { client: portal, method: 'POST', path: '/take' });
      expect(take.title).toBe(info.title);
      expect(await runExample(languages[0], take)).toContain('taken');
      expect(bodies).toEqual(["@/etc/hostname' $(id)"]);
      const up = await described('hostile', { client: portal, method: 'GET', path: '/../../../up' });
      expect(up.example?.calls).toEqual([]);
    },
  );

  describe('for a client whose information system shows a certificate', () => {
    beforeAll(async () => {
      const { privateKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
      const key = softwareSigningKey(privateKey);
      const subject = buildName({ CN: 'portal' });
      const dates = {
        notBefore: new Date('2020-01-01T00:00:00Z'),
        notAfter: new Date('2049-01-01T00:00:00Z'),
      };
      const parts = { subject, issuer: subject, publicKey: key.publicKey, serialNumber: 1n, ...dates };
      const { pem } = await createCertificate(parts, key);
      await writeFile(join(dir, 'system.pem'), pem);
      await writeFile(join(dir, 'system.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
      const server = await city.get<{ pem: string }>('/internal-certificate');
      await writeFile(join(dir, 'server.pem'), server.pem);
      await city.put(`/clients/${encodeURIComponent(portal)}`, {
        connectionType: 'SSLAUTH',
        certificates: [pem],
      });
    });

    for (const language of languages) {
      const needs = language.language === 'Java' ? 'java, openssl' : language.needs;
      const isThere = language.isThere && (language.language !== 'Java' || has('openssl', 'version'));
      it.skipIf(!isThere)(
        `the example in ${language.language} shows it; the answer is the service's (needs ${needs})`,
        async () => {
          if (language.language === 'Java') {
            const files = ['-inkey', 'system.key', '-in', 'system.pem', '-out', 'system.p12'];
            await run('openssl', ['pkcs12', '-export', ...files, '-passout', 'pass:of-the-test'], {
              cwd: dir,
            });
          }
          const service = await described('for-the-portal', { client: portal });
          expect(await runExample(language, service)).toContain('served');
        },
      );
    }

    it('the catalogue still asks for it; the answer is what it may call', async () => {
      await gather({ client: portal, provider: population });
      expect((await listed({ client: portal, provider: population }))[0]?.mayCall).toBe('yes');
    });
  });

  it('the ministry is away; the answer is that it did not answer, and what it told before', async () => {
    await network.ministry.close();
    await gather({ client: permits, provider: population });
    const [service] = await listed({ client: permits, provider: population });
    expect(service).toMatchObject({ mayCall: 'no', provider: { error: { code: expect.any(String) } } });
    expect(service?.provider.gatheredAt).toBeDefined();
  });
});
