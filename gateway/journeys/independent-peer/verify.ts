import { execFile } from 'node:child_process';
import { verify as verifyValue, X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { digestOf, digestUris, type SignedPart, stepDigest } from './chain.ts';
import { openssl } from './pki.ts';

const execute = promisify(execFile);

/** A signature of the product with all that it was sent beside. */
export interface Question {
  readonly signature: Buffer;
  readonly chainResult?: Buffer | undefined;
  readonly chain?: Buffer | undefined;
  /** As received, in the order of WIRE §4.7. */
  readonly parts: readonly SignedPart[];
  readonly signer: { readonly memberClass: string; readonly memberCode: string };
  /** The authority that must have issued the certificate. */
  readonly authority: X509Certificate;
  /** Where files for other programs are put. */
  readonly folder: string;
}

/**
 * Verifies what the product signed, reading its text by patterns: it must be exactly the document of WIRE §5.2.
 * @throws Error naming the first thing that is not
 */
export async function verifyEvidence(question: Question): Promise<void> {
  const { parts, folder, authority, signer } = question;
  const document = question.signature.toString('utf8');
  must(document.startsWith('<?xml version="1.0" encoding="UTF-8" standalone="no"?><asic:'), 'beginning');
  const root = document.slice(document.indexOf('<asic:'), document.indexOf('>', document.indexOf('<asic:')));
  for (const prefix of ['asic', 'ds', 'xades', 'xsi']) must(root.includes(` xmlns:${prefix}="`), prefix);
  must(
    /^<asic:XAdESSignatures[^>]*><ds:Signature Id="signature">/.test(
      document.slice(root.length ? document.indexOf('<asic:') : 0),
    ),
    'first child',
  );
  for (const name of ['ds:Signature', 'ds:Object']) {
    must(document.split(`<${name}>`).length + document.split(`<${name} `).length === 3, `one ${name}`);
  }
  const namespaces = attributesOf(root).filter((one) => one.startsWith('xmlns:'));
  const info = elementOf(document, 'ds:SignedInfo');
  const properties = elementOf(document, 'xades:SignedProperties');

  const first = parts.length > 1 ? '/sig-hashchainresult.xml' : '/message.xml';
  const covered = parts.length > 1 ? question.chainResult : parts[0]?.bytes;
  if (covered === undefined) throw new Error('nothing is covered');
  must(info.split('<ds:Reference ').length === 3, 'two references');
  must(referenceDigest(info, first).equals(digestOf(covered)), `digest of ${first}`);
  const canonicalProperties = canonical(properties, namespaces);
  must(referenceDigest(info, '#signed-properties').equals(digestOf(canonicalProperties)), 'properties');
  if (parts.length > 1) verifyChain(question);
  must((question.chain === undefined) === parts.length < 2, 'chain exactly for several parts');

  const certificate = new X509Certificate(Buffer.from(contentOf(document, 'ds:X509Certificate'), 'base64'));
  const value = Buffer.from(contentOf(document, 'ds:SignatureValue'), 'base64');
  const key = { key: certificate.publicKey, dsaEncoding: 'ieee-p1363' } as const;
  must(verifyValue('sha512', Buffer.from(canonical(info, namespaces)), key, value), 'signature value');
  const claimed = contentOf(elementOf(document, 'xades:CertDigest'), 'ds:DigestValue');
  must(digestOf(certificate.raw).toString('base64') === claimed, 'digest of the signing certificate');

  must(certificate.verify(authority.publicKey), 'issuer of the signing certificate');
  const subject = certificate.subject.split('\n');
  must(subject.includes(`businessCategory=${signer.memberClass}`), 'class of the signer');
  must(subject.includes(`serialNumber=${signer.memberCode}`), 'code of the signer');
  await writeFile(join(folder, 'signer.pem'), certificate.toString());
  const usage = await openssl(folder, 'x509', '-in', 'signer.pem', '-noout', '-ext', 'keyUsage');
  must(usage.includes('Non Repudiation') && !usage.includes('Digital Signature'), 'usage of the key');
  const status = Buffer.from(contentOf(document, 'xades:EncapsulatedOCSPValue'), 'base64');
  await verifyStatus(folder, certificate, authority, status);
}

/** Whether `openssl ocsp` calls a status good now. @throws Error when not */
export async function verifyStatus(
  folder: string,
  certificate: X509Certificate,
  authority: X509Certificate,
  status: Buffer,
): Promise<void> {
  await writeFile(join(folder, 'asked.pem'), certificate.toString());
  await writeFile(join(folder, 'authority.pem'), authority.toString());
  await writeFile(join(folder, 'status.der'), status);
  const files = ['-respin', 'status.der', '-cert', 'asked.pem', '-CAfile', 'authority.pem'];
  const said = await openssl(folder, 'ocsp', '-issuer', 'authority.pem', ...files, '-no_nonce');
  must(said.includes('asked.pem: good'), `status: ${said}`);
}

/** Asks xmlsec1 about the signature alone, whose key is the certificate's. @throws Error with its complaint */
export async function askXmlsec(question: Question): Promise<void> {
  const { folder, parts } = question;
  const [message] = parts;
  if (message === undefined) throw new Error('no message');
  await writeFile(join(folder, 'signatures.xml'), question.signature);
  await writeFile(join(folder, 'message.bin'), message.bytes);
  await writeFile(join(folder, 'result.bin'), question.chainResult ?? '');
  const text = question.signature.toString('utf8');
  const certificate = new X509Certificate(Buffer.from(contentOf(text, 'ds:X509Certificate'), 'base64'));
  await writeFile(join(folder, 'shown.pem'), certificate.toString());
  const maps = ['--url-map:/message.xml', 'message.bin', '--url-map:/sig-hashchainresult.xml', 'result.bin'];
  const ids = ['--id-attr:Id', 'http://uri.etsi.org/01903/v1.3.2#:SignedProperties'];
  const how = ['--verify', '--enabled-reference-uris', 'same-doc,remote', ...maps, ...ids];
  const key = ['--pubkey-cert-pem', 'shown.pem'];
  await execute('xmlsec1', [...how, ...key, 'signatures.xml'], { cwd: folder, timeout: 20_000 });
}

/** The one step of a message alone (WIRE §5.6): its parts in order, each with the digest of what was received. */
function verifyChain({ chain, chainResult, parts }: Question): void {
  if (chain === undefined || chainResult === undefined) throw new Error('no hash chain');
  const steps = chain.toString('utf8');
  must(steps.split(/<\w+:HashStep /).length === 2, 'one step');
  const refs = [...steps.matchAll(/<\w+:DataRef URI="([^"]*)">\s*<(?:\w+:)?DigestValue>([^<]*)</g)];
  const found = refs.map(([, uri, digest]) => `${uri} ${digest}`);
  const digests = parts.map(({ bytes }) => digestOf(bytes));
  const expected = parts.map(({ uri }, index) => `${uri} ${digests[index]?.toString('base64')}`);
  must(found.join('\n') === expected.join('\n'), `parts of the step: ${found.join(', ')}`);
  const result = chainResult.toString('utf8');
  must(result.includes('URI="/sig-hashchain.xml#STEP0"'), 'first step');
  must(/<\w+:HashStep id="STEP0">/.test(steps), 'id of the step');
  must(result.includes(`Algorithm="${digestUris.sha512}"`), 'method of the result');
  must(contentOf(result, 'DigestValue') === stepDigest(digests).toString('base64'), 'digest of the step');
}

function referenceDigest(info: string, uri: string): Buffer {
  const begin = info.indexOf(`URI="${uri}"`);
  must(begin > 0, `a reference to ${uri}`);
  const reference = info.slice(begin, info.indexOf('</ds:Reference>', begin));
  must(!reference.includes('Transform'), 'no transforms');
  must(reference.includes(`Algorithm="${digestUris.sha512}"`), 'SHA-512');
  return Buffer.from(contentOf(reference, 'ds:DigestValue'), 'base64');
}

/** Inclusive C14N of text without entities: start tags by rule, and the namespaces in scope on the first. */
function canonical(element: string, namespaces: readonly string[]): string {
  let isFirst = true;
  return element.replaceAll(
    /<([\w:]+)([^<>]*?)(\/?)>/g,
    (_whole, name: string, rest: string, end: string) => {
      const own = attributesOf(rest).sort();
      const all = isFirst ? [...[...namespaces].sort(), ...own] : own;
      isFirst = false;
      return `<${name}${all.map((one) => ` ${one}`).join('')}>${end === '' ? '' : `</${name}>`}`;
    },
  );
}

function attributesOf(tag: string): string[] {
  return [...tag.matchAll(/[\w:]+="[^"]*"/g)].map(([whole]) => whole);
}

function elementOf(text: string, name: string): string {
  const begin = text.indexOf(`<${name}`);
  const end = text.indexOf(`</${name}>`, begin);
  must(begin >= 0 && end > begin, `<${name}>`);
  return text.slice(begin, end + name.length + 3);
}

/** Text of the first element of a name. */
function contentOf(text: string, name: string): string {
  const [, content] = new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`).exec(text) ?? [];
  if (content === undefined) throw new Error(`no <${name}> with text`);
  return content.replaceAll(/\s|&#13;/g, '');
}

function must(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`not as WIRE has it: ${what}`);
}
