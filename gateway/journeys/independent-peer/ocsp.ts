import { createHash, sign, type X509Certificate } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Credential, openssl } from './pki.ts';
import { boundaryOf, readMultipart } from './wire.ts';

/** Fetches the status of a certificate as any program would: `openssl ocsp` asks the responder. @returns DER */
export async function fetchStatus(
  folder: string,
  url: string,
  { certificate, issuer }: Pick<Credential, 'certificate' | 'issuer'>,
): Promise<Buffer> {
  const name = certificate.serialNumber;
  await writeFile(join(folder, `${name}.issuer.pem`), issuer.toString());
  await writeFile(join(folder, `${name}.pem`), certificate.toString());
  const whom = ['-issuer', `${name}.issuer.pem`, '-cert', `${name}.pem`];
  const out = join(folder, `${name}.ocsp`);
  await openssl(folder, 'ocsp', ...whom, '-url', url, '-noverify', '-no_nonce', '-respout', out);
  const response = await readFile(out);
  await rm(out);
  return response;
}

/**
 * Asks the OCSP port of a security server (WIRE §4.3) for the statuses of certificates.
 * @param certificates DER, leaf first
 * @returns DER, in the same order
 */
export async function askStatuses(
  host: string,
  port: number,
  certificates: readonly Buffer[],
): Promise<Buffer[]> {
  const hashes = (name: string, digest: string) =>
    certificates.map((one) => `${name}=${createHash(digest).update(one).digest('hex')}`);
  const query = [...hashes('cert', 'sha1'), ...hashes('cert_hash', 'sha256')].join('&');
  const response = await fetch(`http://${host}:${port}/?${query}`);
  const type = response.headers.get('content-type') ?? '';
  const bytes = Buffer.from(await response.arrayBuffer());
  if (response.status !== 200 || !type.startsWith('multipart/related; type="application/ocsp-response"')) {
    throw new Error(`the OCSP port answered ${response.status}, ${type}`);
  }
  return readMultipart(bytes, boundaryOf(type)).map(({ body }) => body);
}

/** What a status made by hand says; whatever is not told is as an honest responder would say it now. */
export interface StatusWish {
  /** Who signs it. */
  readonly responder: Credential;
  readonly status?: 'good' | 'revoked' | 'unknown';
  /** Age of thisUpdate; negative ones lie ahead. */
  readonly ageSeconds?: number;
  /** From now until nextUpdate; default an hour. */
  readonly validSeconds?: number;
  /** Digest of the CertID: peers compute it with SHA-1 alone (WIRE §7.3). */
  readonly idDigest?: 'sha1' | 'sha256';
  /** Changes one octet of the signature. */
  readonly isForged?: boolean;
}

const digestOids = { sha1: '06052b0e03021a', sha256: '0609608648016503040201' } as const;
/** sha256WithRSAEncryption, with its NULL. */
const signatureAlgorithm = Buffer.from('300d06092a864886f70d01010b0500', 'hex');
const basicResponse = Buffer.from('06092b0601050507300101', 'hex');

/** Writes an OCSP response (RFC 6960 §4.2.1) octet by octet. @returns DER */
export function writeStatus(
  { certificate, issuer }: Pick<Credential, 'certificate' | 'issuer'>,
  wish: StatusWish,
): Buffer {
  const { responder, status = 'good', ageSeconds = 0, validSeconds = 3600, idDigest = 'sha1' } = wish;
  const digest = (bytes: Buffer) => createHash(idDigest).update(bytes).digest();
  const algorithm = der(0x30, Buffer.from(digestOids[idDigest], 'hex'), Buffer.from('0500', 'hex'));
  const { subject, key } = namesOf(issuer);
  const serial = Buffer.from(positive(certificate.serialNumber), 'hex');
  const certId = der(0x30, algorithm, der(4, digest(subject)), der(4, digest(key)), der(2, serial));
  const now = Date.now();
  const statuses = {
    good: der(0x80),
    revoked: der(0xa1, time(now - 60_000)),
    unknown: der(0x82),
  };
  const thisUpdate = time(now - ageSeconds * 1000);
  const nextUpdate = der(0xa0, time(now + validSeconds * 1000));
  const single = der(0x30, certId, statuses[status], thisUpdate, nextUpdate);
  const byName = der(0xa1, namesOf(responder.certificate).subject);
  const signed = der(0x30, byName, thisUpdate, der(0x30, single));
  const value = sign('sha256', signed, responder.key);
  if (wish.isForged === true) value.writeUInt8(value.readUInt8(9) ^ 1, 9);
  const certificates = der(0xa0, der(0x30, responder.certificate.raw));
  const basic = der(0x30, signed, signatureAlgorithm, der(3, Buffer.of(0), value), certificates);
  return der(0x30, der(10, Buffer.of(0)), der(0xa0, der(0x30, basicResponse, der(4, basic))));
}

/** One DER value. */
export function der(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

function time(at: number): Buffer {
  const text = `${new Date(at).toISOString().replace(/\.\d+/, '').replaceAll(/[-T:]/g, '')}`;
  return der(0x18, Buffer.from(text));
}

function positive(hex: string): string {
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return Number.parseInt(even.slice(0, 2), 16) > 127 ? `00${even}` : even;
}

/** The subject's name and the octets of the key's BIT STRING, as they stand in a certificate (RFC 5280 §4.1). */
function namesOf(certificate: X509Certificate): { readonly subject: Buffer; readonly key: Buffer } {
  const [whole] = children(certificate.raw);
  const [toSign] = children(whole?.content);
  const fields = children(toSign?.content).filter(({ tag }) => tag !== 0xa0);
  const [, , , , subject, keyInfo] = fields;
  const [, bits] = children(keyInfo?.content);
  if (subject === undefined || bits === undefined) throw new Error('that is no certificate');
  return { subject: subject.whole, key: bits.content.subarray(1) };
}

/** The issuer's name as it stands in a certificate, DER. */
export function issuerOf(certificate: X509Certificate): Buffer {
  const [whole] = children(certificate.raw);
  const [toSign] = children(whole?.content);
  const [, , issuer] = children(toSign?.content).filter(({ tag }) => tag !== 0xa0);
  if (issuer === undefined) throw new Error('that is no certificate');
  return issuer.whole;
}

/** The DER values that stand one after another in a content. */
function children(content: Buffer | undefined) {
  const found: { readonly tag: number; readonly content: Buffer; readonly whole: Buffer }[] = [];
  for (let at = 0; content !== undefined && at < content.length; ) {
    const first = content.readUInt8(at + 1);
    const more = first < 128 ? 0 : first - 128;
    const length = more === 0 ? first : content.readUIntBE(at + 2, more);
    const begin = at + 2 + more;
    const whole = content.subarray(at, begin + length);
    found.push({ tag: content.readUInt8(at), content: content.subarray(begin, begin + length), whole });
    at = begin + length;
  }
  return found;
}
