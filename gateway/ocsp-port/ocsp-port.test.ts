import { existsSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseOcspResponse } from '../../certs/ocsp/index.ts';
import type { Certificate } from '../../certs/x509/index.ts';
import { Fault } from '../fault/index.ts';
import { issueAuthentication, issueAuthority, type Party, statusOf } from '../trust/testing/small-world.ts';
import { fetchStatuses } from './fetch.ts';
import { createOcspPort } from './listener.ts';
import { maxStatuses, readStatuses, statusContentType, writeStatuses } from './status-message.ts';

const boundary = 'xtopabcdefghijklmnopqrstuvwxyzabcd';
const vector = '../shared/vectors/soap/test.ocsp';

let ca: Party;
let leaf: Party;
let intermediate: Party;
let leafStatus: Buffer;
let intermediateStatus: Buffer;
const closers: (() => void)[] = [];

beforeAll(async () => {
  ca = await issueAuthority('CA');
  intermediate = await issueAuthority('Intermediate', ca);
  leaf = await issueAuthentication(intermediate);
  leafStatus = await statusOf(leaf.certificate, intermediate);
  intermediateStatus = await statusOf(intermediate.certificate, ca);
});
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** The port of a server with two certificates. */
function ocspPort(failures: unknown[] = []): Promise<number> {
  const own = ({ sha1, sha256 }: Certificate, response: Buffer) => ({
    sha1: sha1.toString('hex'),
    sha256: sha256.toString('hex'),
    response,
  });
  return listening(
    createOcspPort({
      statuses: async () => [
        own(leaf.certificate, leafStatus),
        own(intermediate.certificate, intermediateStatus),
      ],
      newBoundary: () => boundary,
      onFailure: (error) => failures.push(error),
    }),
  );
}

/** Everything that comes back on a socket of its own. */
async function exchange(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  return (await buffer(socket)).toString('latin1');
}

const ask = (port: number, query: string, method = 'GET') =>
  exchange(port, `${method} /${query} HTTP/1.1\r\nHost: x\r\n\r\n`);

const sha1 = (certificate: Certificate) => certificate.sha1.toString('hex');
const sha256 = (certificate: Certificate) => certificate.sha256.toString('hex');
const statusLine = (answer: string) => answer.split('\r\n', 1)[0];
const bodyOf = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4);
const part = (response: Buffer) =>
  `--${boundary}\r\ncontent-type: application/ocsp-response\r\n\r\n${response.toString('latin1')}\r\n`;

describe('the OCSP port', () => {
  it('answers with one part per certificate, in the order asked for, byte for byte', async () => {
    const port = await ocspPort();
    const [first, second] = [intermediate.certificate, leaf.certificate];
    const names = `?cert=${sha1(first)}&cert=${sha1(second)}`;
    const answer = await ask(port, `${names}&cert_hash=${sha256(first)}&cert_hash=${sha256(second)}`);
    expect(statusLine(answer)).toBe('HTTP/1.1 200 OK');
    expect(answer).toContain(
      `\r\nContent-Type: multipart/related; type="application/ocsp-response"; charset=UTF-8; boundary=${boundary}\r\n`,
    );
    expect(bodyOf(answer)).toBe(`${part(intermediateStatus)}${part(leafStatus)}--${boundary}--\r\n`);
  });

  it('goes by either list, in either case of the digits', async () => {
    const port = await ocspPort();
    const whole = `${part(leafStatus)}--${boundary}--\r\n`;
    for (const query of [
      `?cert=${sha1(leaf.certificate)}`,
      `?cert_hash=${sha256(leaf.certificate)}`,
      `?cert=${sha1(leaf.certificate).toUpperCase()}`,
      `?cert_hash=${sha256(leaf.certificate)}&cert=${sha1(leaf.certificate)}`,
    ]) {
      expect([query, bodyOf(await ask(port, query))]).toEqual([query, whole]);
    }
  });

  it('answers HEAD with 200 and no body', async () => {
    const answer = await ask(await ocspPort(), '', 'HEAD');
    expect([statusLine(answer), bodyOf(answer)]).toEqual(['HTTP/1.1 200 OK', '']);
  });

  it('answers 500 and text for what it does not know, does not take, or cannot read', async () => {
    const failures: unknown[] = [];
    const port = await ocspPort(failures);
    const known = sha1(leaf.certificate);
    const questions: readonly (readonly [string, string])[] = [
      ['GET', `?cert=${sha1(ca.certificate)}`],
      ['GET', `?cert=${known}&cert=${sha1(ca.certificate)}`],
      ['GET', ''],
      ['GET', '?cert='],
      ['GET', `?cert=${known.slice(1)}`],
      ['GET', `?cert=${known.slice(1)}x`],
      ['GET', `?cert=${known}%0d%0aX:%20y`],
      ['GET', `?cert=${sha256(leaf.certificate)}`],
      ['GET', `?cert_hash=${known}`],
      ['GET', `?${Array.from({ length: maxStatuses + 1 }, () => `cert=${known}`).join('&')}`],
      ['GET', `?cert=${known}&x=${'y'.repeat(4000)}`],
      ['POST', `?cert=${known}`],
      ['PUT', `?cert=${known}`],
      ['OPTIONS', ''],
    ];
    for (const [method, query] of questions) {
      const answer = await ask(port, query, method);
      expect([method, query, statusLine(answer)]).toEqual([
        method,
        query,
        'HTTP/1.1 500 Internal Server Error',
      ]);
      expect(answer).toContain('\r\nContent-Type: text/plain');
    }
    expect(failures).toEqual([]);
  });

  it('answers 500 and tells its operator, not the asker, why it could not look', async () => {
    const failures: unknown[] = [];
    const server = createOcspPort({
      statuses: () => Promise.reject(new Fault('TokenNotActive', 'the token of slot 7 is not signed in')),
      newBoundary: () => boundary,
      onFailure: (error) => failures.push(error),
    });
    const answer = await ask(await listening(server), `?cert=${sha1(leaf.certificate)}`);
    expect(statusLine(answer)).toBe('HTTP/1.1 500 Internal Server Error');
    expect(answer).not.toContain('slot 7');
    expect(failures).toHaveLength(1);
  });
});

describe('asking an OCSP port', () => {
  const fetchFrom = (port: number, certificates = [leaf.certificate, intermediate.certificate]) =>
    fetchStatuses({ host: '127.0.0.1', port, certificates, connectTimeoutMs: 500, readTimeoutMs: 500 });
  const codeOf = (asked: Promise<unknown>) =>
    asked.then(
      () => 'none',
      (error: unknown) => {
        if (error instanceof Fault) return error.code;
        throw error;
      },
    );
  const answering = (handler: RequestListener) => listening(createServer(handler));

  it('gives the responses in the order of the certificates', async () => {
    const port = await ocspPort();
    expect(await fetchFrom(port)).toEqual([leafStatus, intermediateStatus]);
    expect(await fetchFrom(port, [intermediate.certificate])).toEqual([intermediateStatus]);
  });

  it('names every certificate by both hashes, leaf first, in one GET', async () => {
    const seen: string[] = [];
    const port = await answering((incoming, outgoing) => {
      seen.push(`${incoming.method} ${incoming.url}`);
      outgoing
        .writeHead(200, { 'content-type': statusContentType(boundary) })
        .end(writeStatuses([leafStatus, intermediateStatus], boundary));
    });
    await fetchFrom(port);
    const [a, b] = [leaf.certificate, intermediate.certificate];
    expect(seen).toEqual([
      `GET /?cert=${sha1(a)}&cert=${sha1(b)}&cert_hash=${sha256(a)}&cert_hash=${sha256(b)}`,
    ]);
  });

  it.each([200, 201, 208, 226])('takes status %d', async (status) => {
    const port = await answering((_incoming, outgoing) => {
      outgoing
        .writeHead(status, { 'content-type': statusContentType(boundary) })
        .end(writeStatuses([leafStatus], boundary));
    });
    expect(await fetchFrom(port, [leaf.certificate])).toEqual([leafStatus]);
  });

  it.each([
    [
      'status 500',
      'HttpError',
      500,
      statusContentType(boundary),
      () => writeStatuses([leafStatus], boundary),
    ],
    [
      'status 209',
      'HttpError',
      209,
      statusContentType(boundary),
      () => writeStatuses([leafStatus], boundary),
    ],
    [
      'a redirect',
      'HttpError',
      302,
      statusContentType(boundary),
      () => writeStatuses([leafStatus], boundary),
    ],
    ['another type', 'InvalidContentType', 200, 'text/plain', () => Buffer.from('x')],
    ['no boundary', 'InvalidContentType', 200, 'multipart/related', () => Buffer.from('x')],
    ['nonsense', 'MimeParsingFailed', 200, statusContentType(boundary), () => Buffer.from('x')],
    [
      'no part',
      'IncorrectValidationInfo',
      200,
      statusContentType(boundary),
      () => Buffer.from(`--${boundary}--\r\n`),
    ],
    [
      'too many parts',
      'IncorrectValidationInfo',
      200,
      statusContentType(boundary),
      () => writeStatuses([leafStatus, leafStatus], boundary),
    ],
    [
      'more parts than any',
      'MimeParsingFailed',
      200,
      statusContentType(boundary),
      () =>
        writeStatuses(
          Array.from({ length: maxStatuses + 1 }, () => leafStatus),
          boundary,
        ),
    ],
    [
      'a huge part',
      'MimeParsingFailed',
      200,
      statusContentType(boundary),
      () => writeStatuses([Buffer.alloc(70_000)], boundary),
    ],
    [
      'a part cut short',
      'MimeParsingFailed',
      200,
      statusContentType(boundary),
      () => writeStatuses([leafStatus], boundary).subarray(0, -20),
    ],
    [
      'a huge body',
      'NetworkError',
      200,
      statusContentType(boundary),
      () => writeStatuses([Buffer.alloc(3_000_000)], boundary),
    ],
  ] as const)('refuses %s with %s', async (_what, code, status, type, body) => {
    const port = await answering((_incoming, outgoing) => {
      outgoing.writeHead(status, { 'content-type': type, location: '/' }).end(body());
    });
    expect(await codeOf(fetchFrom(port, [leaf.certificate]))).toBe(code);
  });

  it('gives up on a port that is closed, silent, or sends a byte now and then', async () => {
    const closed = await listening(createServer());
    for (const close of closers.splice(0)) close();
    expect(await codeOf(fetchFrom(closed))).toBe('NetworkError');

    const silent = createTcpServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    closers.push(() => silent.close());
    silent.on('connection', (socket) => closers.push(() => socket.destroy()));
    expect(await codeOf(fetchFrom((silent.address() as AddressInfo).port))).toBe('NetworkError');

    const slow = await answering((_incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-type': statusContentType(boundary) });
      const timer = setInterval(() => outgoing.write('-'), 100);
      outgoing.once('close', () => clearInterval(timer));
    });
    expect(await codeOf(fetchFrom(slow))).toBe('NetworkError');
  });
});

describe('statuses in a message', () => {
  it.skipIf(!existsSync(vector))(
    'made by other software pass through unchanged (needs ../shared/vectors)',
    () => {
      const sample = readFileSync(vector);
      const [read] = readStatuses(statusContentType(boundary), writeStatuses([sample], boundary));
      expect(read).toEqual(sample);
      expect(parseOcspResponse(sample).responses).toHaveLength(1);
    },
  );

  it('may have bare line feeds, other headers, and header names in any case', () => {
    const bytes = `--b\nX-Other: y\nCONTENT-TYPE: Application/OCSP-Response; x=y\n\nabc\n--b--\n`;
    const type = 'multipart/related; boundary="b"; type="application/ocsp-response"';
    expect(readStatuses(type, Buffer.from(bytes)).map(String)).toEqual(['abc']);
  });

  it('of another type are refused', () => {
    const bytes = `--b\r\ncontent-type: text/plain\r\n\r\nabc\r\n--b--\r\n`;
    expect(() => readStatuses('multipart/related; boundary=b', Buffer.from(bytes))).toThrow(Fault);
  });
});
