import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateKeyPair, softwareSigningKey } from '../../../certs/key/index.ts';
import { buildName, createCertificate } from '../../../certs/x509/index.ts';
import { type Listening, listen } from '../../../gateway/http/index.ts';
import { agentFor } from './agent.ts';
import { FolderTarget } from './folder.ts';
import { HttpsTarget } from './https.ts';
import { S3Target } from './s3.ts';

const name = 'mlog-20261101000000-20261102000000-0123456789abcdef.zip';
const bytes = Buffer.from('an archive');
const sha256 = createHash('sha256').update(bytes).digest('hex');
const how = { timeoutMs: 5_000, retry: (attempt: number) => (attempt < 3 ? 1 : undefined) };

/** What a store has, and how it answers next; by paths. */
const files = new Map<string, Buffer>();
let statuses: number[] = [];
let asked: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];
/** Whether a request is signed as it should be; true for stores that ask for none. */
let isSigned: (incoming: IncomingMessage, body: Buffer) => boolean = () => true;
const opened: Listening[] = [];

async function store(server: Server): Promise<number> {
  server.on('request', async (incoming: IncomingMessage, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { method = '', url = '', headers } = incoming;
    asked.push({ method, url, headers });
    const status = statuses.shift();
    if (status !== undefined) outgoing.writeHead(status).end('no');
    else if (!isSigned(incoming, body)) outgoing.writeHead(403).end('SignatureDoesNotMatch');
    else if (method === 'GET') outgoing.writeHead(files.has(url) ? 200 : 404).end(files.get(url));
    else {
      files.set(url, body);
      outgoing.writeHead(200).end();
    }
  });
  const listening = await listen(server, '127.0.0.1', 0, 'none');
  opened.push(listening);
  return listening.port;
}

beforeEach(() => {
  files.clear();
  [statuses, asked] = [[], []];
  isSigned = () => true;
});
afterEach(async () => {
  for (const listening of opened.splice(0)) await listening.close(100);
});

describe('a web server as target', () => {
  const target = async (more: object = {}) =>
    new HttpsTarget({
      ...{ ...how, dispatcher: agentFor({}), url: `http://127.0.0.1:${await store(createServer())}/in/` },
      ...{ method: 'PUT', trustAnswer: false, authorization: 'Bearer x', ...more },
    });

  it('gets the archive with its digest, and shows it again', async () => {
    await (await target()).put(name, bytes, sha256);
    expect(files.get(`/in/${name}`)).toEqual(bytes);
    expect(asked.map(({ method }) => method)).toEqual(['PUT', 'GET']);
    expect(asked[0]?.headers).toMatchObject({ authorization: 'Bearer x' });
    const digest = Buffer.from(sha256, 'hex').toString('base64');
    expect(asked[0]?.headers['repr-digest']).toBe(`sha-256=:${digest}:`);
  });

  it('that fails for a moment is asked again; that refuses is not', async () => {
    statuses = [503, 500];
    await (await target()).put(name, bytes, sha256);
    expect(asked.map(({ method }) => method)).toEqual(['PUT', 'PUT', 'PUT', 'GET']);
    statuses = [403];
    await expect((await target()).put(name, bytes, sha256)).rejects.toMatchObject({ code: 'target-refused' });
    statuses = [503, 503, 503];
    await expect((await target()).put(name, bytes, sha256)).rejects.toMatchObject({ code: 'target-refused' });
  });

  it('that shows another file, more of it or none was not given the archive', async () => {
    for (const shown of [
      Buffer.from('another'),
      Buffer.concat([bytes, bytes]),
      bytes.subarray(1),
      undefined,
    ]) {
      const one = await target();
      isSigned = ({ method, url = '' }) => {
        // Between the two questions somebody else writes there, or it was cut.
        if (method === 'GET' && shown === undefined) files.delete(url);
        else if (method === 'GET' && shown !== undefined) files.set(url, shown);
        return true;
      };
      await expect(one.put(name, bytes, sha256)).rejects.toMatchObject({ code: 'target-differs' });
    }
  });

  it('whose word is enough is not asked to show it', async () => {
    await (await target({ trustAnswer: true, method: 'POST' })).put(name, bytes, sha256);
    expect(asked.map(({ method }) => method)).toEqual(['POST']);
  });

  it('that is not there is said to be so', async () => {
    const one = await target();
    for (const listening of opened.splice(0)) await listening.close(0);
    await expect(one.put(name, bytes, sha256)).rejects.toMatchObject({ code: 'target-unreachable' });
  });
});

describe('a web server over TLS', () => {
  let own: { key: string; certificate: Buffer; pem: string };
  let other: Buffer;
  beforeAll(async () => {
    [own, other] = [await selfSigned(), (await selfSigned()).certificate];
  });
  const put = async (trusted: Parameters<typeof agentFor>[0]) => {
    const port = await store(createTlsServer({ key: own.key, cert: own.pem }));
    const dispatcher = agentFor(trusted);
    const target = new HttpsTarget({
      ...{ ...how, dispatcher, url: `https://127.0.0.1:${port}/in`, method: 'PUT', trustAnswer: false },
    });
    await target.put(name, bytes, sha256).finally(() => dispatcher.close());
  };

  it('is known by its very certificate', async () => {
    await put({ pinned: own.certificate });
    expect(files.get(`/in/${name}`)).toEqual(bytes);
  });

  it('of another certificate, or of one that nobody known issued, gets not one octet', async () => {
    await expect(put({ pinned: other })).rejects.toMatchObject({ code: 'target-unreachable' });
    await expect(put({})).rejects.toMatchObject({ code: 'target-unreachable' });
    expect(asked).toEqual([]);
  });
});

describe('a store that speaks S3', () => {
  const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
  const target = async (more: object = {}) =>
    new S3Target({
      ...{ ...how, dispatcher: agentFor({}), endpoint: `http://127.0.0.1:${await store(createServer())}` },
      ...{ bucket: 'archives', prefix: 'city/ss1/', region: 'eu-north-1' },
      ...{ accessKeyId: 'AKIDEXAMPLE', secretAccessKey, ...more },
    });
  beforeEach(() => {
    isSigned = (incoming, body) => isSignedV4(incoming, body, secretAccessKey);
  });

  it('gets the archive in its bucket, each request signed over its body, and shows it again', async () => {
    await (await target()).put(name, bytes, sha256);
    expect(files.get(`/archives/city/ss1/${name}`)).toEqual(bytes);
    expect(asked.map(({ method }) => method)).toEqual(['PUT', 'GET']);
    expect(asked[0]?.headers['x-amz-checksum-sha256']).toBe(Buffer.from(sha256, 'hex').toString('base64'));
  });

  it('refuses what another key signed', async () => {
    const one = await target({ secretAccessKey: 'another' });
    await expect(one.put(name, bytes, sha256)).rejects.toMatchObject({ code: 'target-refused' });
    expect(files.size).toBe(0);
  });
});

describe('a folder as target', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-target-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('gets the archive once, and never another over it', async () => {
    const target = new FolderTarget(join(dir, 'in'));
    await target.put(name, bytes, sha256);
    await target.put(name, bytes, sha256);
    expect(readFileSync(join(dir, 'in', name))).toEqual(bytes);
    writeFileSync(join(dir, 'in', name), 'another');
    await expect(target.put(name, bytes, sha256)).rejects.toMatchObject({ code: 'target-differs' });
    expect(readFileSync(join(dir, 'in', name), 'utf8')).toBe('another');
  });

  it('has nothing left of an archive that a crash kept from being written whole', async () => {
    const path = mkdtempSync(join(tmpdir(), 'waygate-target-'));
    writeFileSync(join(path, `${name}.123e4567-e89b-12d3-a456-426614174000.tmp`), 'half');
    await new FolderTarget(path).put(name, bytes, sha256);
    expect(readdirSync(path)).toEqual([name]);
    rmSync(path, { recursive: true });
  });

  it('that cannot be written says so', async () => {
    writeFileSync(join(dir, 'file'), '');
    const target = new FolderTarget(join(dir, 'file'));
    await expect(target.put(name, bytes, sha256)).rejects.toMatchObject({ code: 'target-refused' });
  });
});

async function selfSigned(): Promise<{ key: string; certificate: Buffer; pem: string }> {
  const { privateKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
  const key = softwareSigningKey(privateKey);
  const subject = buildName({ CN: 'archive.example' });
  const { der, pem } = await createCertificate(
    {
      ...{ subject, issuer: subject, publicKey: key.publicKey, serialNumber: 1n },
      ...{ notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 86_400_000) },
      subjectAltNames: ['archive.example'],
    },
    key,
  );
  return { key: String(privateKey.export({ format: 'pem', type: 'pkcs8' })), certificate: der, pem };
}

/**
 * Computes the signature again, from what arrived.
 * @see AWS Signature Version 4, calculating a signature
 */
function isSignedV4({ method, url = '', headers }: IncomingMessage, body: Buffer, secret: string): boolean {
  const [, credential = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  const [, date = '', region = '', service = '', end = ''] = credential.split('/');
  const hash = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
  const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
  const canonical = [
    ...[method, url, ''],
    ...names.split(';').map((one) => `${one}:${String(headers[one]).trim()}`),
    ...['', names, hash(body)],
  ].join('\n');
  const scope = [date, region, service, end].join('/');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash(canonical)].join('\n');
  const key = [date, region, service, end].reduce<string | Buffer>(hmac, `AWS4${secret}`);
  return (
    headers['x-amz-content-sha256'] === hash(body) &&
    names.split(';').includes('host') &&
    createHmac('sha256', key).update(text).digest('hex') === signature
  );
}
