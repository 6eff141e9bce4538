import { digestAlgorithms, digestOf, type SigningKey } from '../../certs/key/index.ts';
import type { ConfigurationVersion } from './model.ts';
import { malformed } from './xml-fields.ts';

interface PartToWrite {
  readonly contentIdentifier: string;
  readonly instance: string;
  readonly location: string;
  /** Bytes of the file. */
  readonly content: Buffer;
}

export interface DirectoryToWrite {
  readonly version: ConfigurationVersion;
  readonly expiresAt: Date;
  readonly parts: readonly PartToWrite[];
  /** DER of the certificate that anchors name for `key`. */
  readonly verificationCert: Buffer;
}

const { sha512 } = digestAlgorithms;

/**
 * A signed directory, byte for byte as X-Road's own central servers write it.
 * @param newBoundary gives a fresh boundary each time, of letters and digits
 * @throws Fault MalformedGlobalConf for names that cannot stand in a header line
 */
export async function writeDirectory(
  { version, expiresAt, parts, verificationCert }: DirectoryToWrite,
  key: SigningKey,
  newBoundary: () => string,
): Promise<Buffer> {
  const [outer, inner] = [newBoundary(), newBoundary()];
  const expires = `${expiresAt.toISOString().slice(0, 19)}Z`;
  const content = lines(
    `--${inner}`,
    `Expire-date: ${expires}`,
    `Version: ${version}`,
    '',
    ...parts.flatMap((part) => [
      `--${inner}`,
      'Content-type: application/octet-stream',
      'Content-transfer-encoding: base64',
      `Content-identifier: ${headerText(part.contentIdentifier)}; instance=${quoted(part.instance)}`,
      `Content-location: ${headerText(part.location)}`,
      `Hash-algorithm-id: ${sha512.xmlUri}`,
      '',
      digestOf('sha512', part.content).toString('base64'),
    ]),
    `--${inner}--`,
  );
  const signedBytes = Buffer.from(content, 'utf8');
  const certificateHash = digestOf('sha512', verificationCert).toString('base64');
  const signature = await key.sign(signedBytes, 'der');
  const before = lines(
    `Content-Type: multipart/related; charset=UTF-8; boundary=${outer}`,
    '',
    `--${outer}`,
    `Content-Type: multipart/mixed; charset=UTF-8; boundary=${inner}`,
    '',
  );
  const after = lines(
    '',
    `--${outer}`,
    'Content-Type: application/octet-stream',
    'Content-Transfer-Encoding: base64',
    `Signature-Algorithm-Id: ${key.algorithm.xmlUri}`,
    `Verification-certificate-hash: ${certificateHash}; hash-algorithm-id="${sha512.xmlUri}"`,
    '',
    signature.toString('base64'),
    `--${outer}--`,
  );
  return Buffer.concat([Buffer.from(before), signedBytes, Buffer.from(after)]);
}

/** Readers take either quote. */
function quoted(instance: string): string {
  const quote = instance.includes("'") ? '"' : "'";
  if (instance.includes(quote)) throw malformed(`instance ${instance} has quotes of both kinds`);
  return `${quote}${headerText(instance)}${quote}`;
}

/** A line break in a name would make header lines that nobody meant to sign. */
function headerText(text: string): string {
  if (/\p{Cc}/u.test(text)) throw malformed('a name in the directory has control characters');
  return text;
}

function lines(...all: readonly string[]): string {
  return all.map((line) => `${line}\r\n`).join('');
}
