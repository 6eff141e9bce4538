import { cp, readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import {
  connect as connectTls,
  type SecureContext,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';
import Database from 'better-sqlite3';
import { type Authority, openAuthority } from '../../../certs/authority/index.ts';
import { digestOf, type SigningKey } from '../../../certs/key/index.ts';
import { createOcspRequest } from '../../../certs/ocsp/index.ts';
import { openSoftwareToken, type Token } from '../../../certs/token/index.ts';
import { buildName, type Certificate, createRequest, parseCertificate } from '../../../certs/x509/index.ts';
import { readSoapFault, spellCode } from '../../fault/index.ts';
import type { MessagePart } from '../../message/index.ts';
import { type SignatureDocuments, signMessage } from '../../signature/index.ts';

export interface PeerIdentity {
  readonly context: SecureContext;
  readonly chain: readonly Certificate[];
}

export interface MemberKey {
  readonly key: SigningKey;
  readonly certificate: Certificate;
}

/**
 * Somebody who has the keys of the city's server in his hands, and the authority's too: he can say whatever he
 * likes with them, and writes every byte of a message himself.
 */
export interface HostilePeer {
  readonly token: Token;
  readonly authority: Authority;
  readonly authentication: PeerIdentity;
  readonly signing: MemberKey;
  /** The authority with a clock that is off by so many milliseconds. */
  authorityAt(offsetMs: number): Promise<Authority>;
  /** A new certificate of the authority, for a new key. */
  issueAuthentication(by?: Authority): Promise<PeerIdentity>;
  issueSigning(memberClass: string, memberCode: string): Promise<MemberKey>;
  statusOf(certificate: Certificate, by?: Authority): Promise<Buffer>;
}

/** @param tls versions and suites he speaks; default: TLS 1.3 */
export async function makeHostilePeer(
  data: string,
  tls: SecureContextOptions = { minVersion: 'TLSv1.3' },
): Promise<HostilePeer> {
  const secrets = JSON.parse(await readFile(join(data, 'pilot-secrets.json'), 'utf8')) as Record<
    string,
    string
  >;
  const stolen = join(data, 'stolen');
  await cp(join(data, 'city', 'token'), join(stolen, 'token'), { recursive: true });
  await cp(join(data, 'authority'), join(stolen, 'authority'), { recursive: true });
  const token = await openSoftwareToken(join(stolen, 'token'));
  await token.activate(secrets['city'] ?? '');
  const pin = secrets['authority'] ?? '';
  const authorityAt = (offsetMs: number) =>
    openAuthority(join(stolen, 'authority'), { pin, now: () => new Date(Date.now() + offsetMs) });
  const authority = await authorityAt(0);

  const settings = new Database(join(data, 'city', 'settings.sqlite'), { readonly: true });
  const rows = settings
    .prepare<[], { use: string; keyId: string; certificate: Buffer }>('SELECT * FROM ownCertificate')
    .all();
  settings.close();
  const own = (use: string) => {
    const row = rows.find((one) => one.use === use);
    if (row === undefined) throw new Error(`the city has no ${use} certificate`);
    return { keyId: row.keyId, certificate: parseCertificate(row.certificate) };
  };
  const identityOf = (keyId: string, certificate: Certificate): PeerIdentity => ({
    context: token.secureContext(keyId, [certificate], tls),
    chain: [certificate],
  });
  const issue = async (
    kind: 'signing' | 'authentication',
    memberClass: string,
    memberCode: string,
    by: Authority,
  ) => {
    const { id } = await token.generateKey({ type: 'ec', curve: 'P-256' }, kind);
    const request = await createRequest({ subject: buildName({ CN: 'x' }) }, token.signingKey(id));
    const applicant = {
      instance: 'PILOT',
      memberClass,
      memberCode,
      memberName: 'X',
      serverCode: 'x',
      dnsName: '127.0.0.2',
    };
    return { id, certificate: await by.issue({ request, kind, profile: 'basic', applicant }) };
  };
  const authentication = own('authentication');
  const signing = own('signing');
  return {
    token,
    authority,
    authorityAt,
    authentication: identityOf(authentication.keyId, authentication.certificate),
    signing: { key: token.signingKey(signing.keyId), certificate: signing.certificate },
    issueAuthentication: async (by = authority) => {
      const { id, certificate } = await issue('authentication', 'MUN', '2001', by);
      return identityOf(id, certificate);
    },
    issueSigning: async (memberClass, memberCode) => {
      const { id, certificate } = await issue('signing', memberClass, memberCode, authority);
      return { key: token.signingKey(id), certificate };
    },
    statusOf: (certificate, by = authority) =>
      by.answerOcsp(createOcspRequest(certificate, authority.caCertificate)),
  };
}

/** One part of a message between servers. */
export interface Part {
  readonly type: string;
  readonly body: Buffer;
}

export function ocspPart(body: Buffer): Part {
  return { type: 'application/ocsp-response', body };
}

/** The parts that prove a message. */
export function evidenceParts({ hashChainResult, hashChain, signature }: SignatureDocuments): Part[] {
  return [
    ...(hashChainResult === undefined
      ? []
      : [{ type: 'application/hash-chain-result', body: hashChainResult }]),
    ...(hashChain === undefined ? [] : [{ type: 'application/hash-chain', body: hashChain }]),
    { type: 'signature/bdoc-1.0/ts', body: signature },
  ];
}

/** Digests of what is signed: head, then body. */
export function signedParts(head: Buffer, body?: Buffer): MessagePart[] {
  return [
    { name: '/message.xml', digest: digestOf('sha512', head) },
    ...(body === undefined ? [] : [{ name: '/attachment1', digest: digestOf('sha512', body) } as const]),
  ];
}

export async function signParts(
  parts: readonly MessagePart[],
  signer: MemberKey,
  ocspResponse: Buffer,
): Promise<SignatureDocuments> {
  const { key, certificate } = signer;
  return signMessage({
    parts,
    digest: 'sha512',
    key,
    certificate,
    intermediates: [],
    ocspResponses: [ocspResponse],
    signedAt: new Date(),
  });
}

export const boundary = 'xtopabcdefghijklmnopqrstuvwxyzabcd';

/** Writes a message as the protocol has it. */
export function writeMessage(parts: readonly Part[]): Buffer {
  const pieces = parts.flatMap(({ type, body }) => [
    Buffer.from(`--${boundary}\r\ncontent-type: ${type}\r\n\r\n`),
    body,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

export interface SendOptions {
  readonly host: string;
  readonly port: number;
  readonly identity: PeerIdentity;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly method?: string;
}

/** @returns the fault code of the answer, `accepted` for an ordinary answer, `closed` for none at all */
export async function sendRaw({
  host,
  port,
  identity,
  headers,
  body,
  method = 'POST',
}: SendOptions): Promise<string> {
  let socket: TLSSocket;
  try {
    socket = await new Promise<TLSSocket>((resolve, reject) => {
      const opened = connectTls(
        { host, port, secureContext: identity.context, rejectUnauthorized: false },
        () => resolve(opened),
      );
      opened.once('error', reject);
    });
  } catch {
    return 'closed';
  }
  return new Promise((resolve) => {
    const gone = () => resolve('closed');
    socket.on('error', gone).on('close', gone);
    const outgoing = httpRequest(
      {
        createConnection: () => socket,
        method,
        path: '/',
        headers: { ...headers, 'content-length': body.length },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          socket.destroy();
          const fault = readSoapFault(Buffer.concat(chunks));
          resolve(fault === undefined ? 'accepted' : spellCode(fault));
        });
      },
    );
    outgoing.on('error', gone);
    outgoing.end(body);
  });
}
