import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../../certs/key/index.ts';
import { readConfigurationFolder } from '../../configuration/index.ts';
import { Fault } from '../../fault/index.ts';
import { buildHashChains } from '../hash-chain-build.ts';
import { readSignature } from '../read.ts';
import type { SigningMaterial } from '../sign.ts';
import { addTimestamp } from '../testing/add-timestamp.ts';
import { alice, bob, createPki, type Pki, type SignedMessage, signedAt, signTexts } from '../testing/pki.ts';
import { createVerifier } from '../verify.ts';
import { readContainer } from './read.ts';
import { type VerifiedContainer, verifyContainer } from './verify.ts';
import { type ContainerToWrite, writeContainer } from './write.ts';
import { readZip } from './zip-read.ts';
import { writeZip, type ZipEntry } from './zip-write.ts';

const request = [
  'POST',
  '/r1/DEV/COM/222/Sub2/echo',
  'X-Road-Client:DEV/COM/111/Sub1',
  'x-road-request-id:7f9a7a4e-1c55-4f3a-9a63-0c6b2a1d0e01',
  'x-road-id:DEV-1',
  '',
].join('\r\n');
const response = [
  '200',
  'OK',
  'x-road-id:DEV-1',
  'x-road-client:DEV/COM/111/Sub1',
  'x-road-service:DEV/COM/222/Sub2/echo',
  'x-road-request-id:7f9a7a4e-1c55-4f3a-9a63-0c6b2a1d0e01',
  'x-road-request-hash:AAAA',
  '',
].join('\r\n');
const envelope = (body: string) =>
  '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:x="http://x-road.eu/xsd/xroad.xsd" ' +
  'xmlns:i="http://x-road.eu/xsd/identifiers"><s:Header><x:client i:objectType="MEMBER"><i:xRoadInstance>DEV</i:xRoadInstance>' +
  '<i:memberClass>COM</i:memberClass><i:memberCode>111</i:memberCode></x:client><x:service i:objectType="SERVICE">' +
  '<i:xRoadInstance>DEV</i:xRoadInstance><i:memberClass>COM</i:memberClass><i:memberCode>222</i:memberCode>' +
  `<i:serviceCode>get</i:serviceCode></x:service><x:id>7</x:id></s:Header><s:Body><${body}/></s:Body></s:Envelope>`;

let pki: Pki;
let ofAlice: SigningMaterial;
let ofBob: SigningMaterial;

beforeAll(async () => {
  pki = await createPki();
  ofAlice = await pki.issueTo(alice);
  ofBob = await pki.issueTo(bob);
});

/** With a timestamp of its own in the signature. */
async function stamped({ head, attachments, documents }: SignedMessage): Promise<ContainerToWrite> {
  const token = await pki.stamp(readSignature(documents.signature).signatureValue);
  return {
    head,
    attachments,
    documents: { ...documents, signature: addTimestamp(documents.signature, token) },
  };
}

/** With a timestamp shared with other messages. */
async function stampedTogether({ head, attachments, documents }: SignedMessage): Promise<ContainerToWrite> {
  const digests = [documents.signature, Buffer.from('another')].map((bytes) => digestOf('sha512', bytes));
  const { result, chains } = buildHashChains(
    digests.map((digest) => [{ name: '/META-INF/signatures.xml', digest }]),
    'sha512',
    '/ts-hashchain.xml',
  );
  const timestamp = {
    hashChainResult: result,
    hashChain: chains[0] ?? result,
    token: await pki.stamp(result),
  };
  return { head, attachments, documents, timestamp };
}

function verify(container: Buffer): Promise<VerifiedContainer> {
  return verifyContainer({ container, configuration: pki.configuration, verifier: createVerifier() });
}

async function faultOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (error instanceof Fault) return [...error.within, error.code].join('.');
    throw error;
  }
  return 'accepted';
}

/** The container with some entries changed, or left out. */
async function changed(
  container: Buffer,
  changes: Readonly<Record<string, string | Uint8Array | undefined>>,
): Promise<Buffer> {
  const files = readZip(container, { maxEntries: 100, maxOctets: 1e7 });
  const entries: ZipEntry[] = [];
  for (const [name, data] of new Map<string, string | Uint8Array | undefined>([
    ...files,
    ...Object.entries(changes),
  ])) {
    if (data !== undefined) entries.push({ name, data: Buffer.from(data) });
  }
  return writeZip(entries);
}

describe('a container', () => {
  it.each([
    ['a timestamp of its own', stamped],
    ['a timestamp shared with others', stampedTogether],
  ])('with %s is verified alone, for a request and for a response', async (_what, stamp) => {
    const asked = await verify(writeContainer(await stamp(await signTexts(ofAlice, request, '{"a":1}'))));
    expect(asked).toMatchObject({ signer: alice, protocol: 'rest', direction: 'request', queryId: 'DEV-1' });
    expect(asked.signature.covered).toEqual(['/message.xml', '/attachment1']);
    expect(asked.timestamp.at).toEqual(new Date('2026-03-01T10:20:30Z'));
    expect(asked.warnings).toEqual([]);
    const answered = await verify(writeContainer(await stamp(await signTexts(ofBob, response))));
    expect(answered).toMatchObject({ signer: bob, direction: 'response' });
  });

  it('of a SOAP message is by the client for a request, by the provider for a response', async () => {
    const asked = await verify(writeContainer(await stamped(await signTexts(ofAlice, envelope('get')))));
    expect(asked).toMatchObject({ signer: alice, protocol: 'soap', direction: 'request', queryId: '7' });
    const answered = await verify(
      writeContainer(await stamped(await signTexts(ofBob, envelope('getResponse')))),
    );
    expect(answered).toMatchObject({ signer: bob, direction: 'response' });
  });

  it('by another member than the message names is refused', async () => {
    const container = writeContainer(await stamped(await signTexts(ofBob, request)));
    expect(await faultOf(() => verify(container))).toBe('IncorrectCertificate');
  });

  it('has the entries of X-Road in their order, and the same bytes in every time zone', async () => {
    const wanted = { ...(await stampedTogether(await signTexts(ofAlice, request, 'body'))), at: signedAt };
    const bytes = writeContainer(wanted);
    const files = readZip(bytes, { maxEntries: 100, maxOctets: 1e7 });
    expect([...files.keys()]).toEqual([
      'mimetype',
      'message.xml',
      'META-INF/signatures.xml',
      'sig-hashchainresult.xml',
      'sig-hashchain.xml',
      'ts-hashchainresult.xml',
      'ts-hashchain.xml',
      'META-INF/manifest.xml',
      'META-INF/ASiCManifest.xml',
      'META-INF/timestamp.tst',
      'attachment1',
    ]);
    expect(bytes.subarray(-'mimetype=application/vnd.etsi.asic-e+zip'.length).toString()).toBe(
      'mimetype=application/vnd.etsi.asic-e+zip',
    );
    // Time and date of the first entry, in UTC.
    expect(bytes.readUInt16LE(10)).toBe((10 << 11) | (20 << 5) | 15);
    expect(bytes.readUInt16LE(12)).toBe(((2026 - 1980) << 9) | (3 << 5) | 1);
    expect(writeContainer(wanted)).toEqual(bytes);
  });

  const hasUnzip = spawnSync('unzip', ['-v']).status === 0;
  it.skipIf(!hasUnzip)('is a good zip file to another program (needs unzip)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'container-'));
    try {
      const path = join(folder, 'x.asice');
      writeFileSync(path, writeContainer(await stamped(await signTexts(ofAlice, request, 'ä'.repeat(5000)))));
      expect(spawnSync('unzip', ['-t', path]).status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('without a body that the log did not keep is good, and says so', async () => {
    const message = await signTexts(ofAlice, request, 'not kept');
    const { signature } = await verify(writeContainer({ ...(await stamped(message)), attachments: [] }));
    expect(signature.covered).toEqual(['/message.xml']);
    expect(signature.missing).toEqual([
      { name: '/attachment1', digest: digestOf('sha512', Buffer.from('not kept')) },
    ]);
  });

  it('with something more in it is refused when it looks signed, else it says so', async () => {
    const container = writeContainer(await stamped(await signTexts(ofAlice, request, 'body')));
    const more = await changed(container, { attachment2: 'stowaway' });
    expect(await faultOf(() => verify(more))).toBe('MalformedSignature.HashChainUnusedInputs');
    const { warnings } = await verify(await changed(container, { 'invoice.pdf': 'stowaway' }));
    expect(warnings).toEqual(['invoice.pdf is in the container and not signed']);
    const plain = writeContainer(await stamped(await signTexts(ofAlice, request)));
    const withBody = await changed(plain, { attachment1: 'stowaway' });
    expect(await faultOf(() => verify(withBody))).toBe('MalformedSignature');
  });

  it('with a hash chain that is not referred to is good, and says so', async () => {
    const plain = writeContainer(await stamped(await signTexts(ofAlice, request)));
    const { documents } = await signTexts(ofAlice, request, 'body');
    const { warnings } = await verify(
      await changed(plain, {
        'sig-hashchain.xml': documents.hashChain,
        'sig-hashchainresult.xml': documents.hashChainResult,
      }),
    );
    expect(warnings).toHaveLength(1);
  });

  it.each<[string, Readonly<Record<string, string | undefined>>, string]>([
    ['a type', { mimetype: undefined }, 'AsicMimeTypeNotFound'],
    ['the right type', { mimetype: 'application/zip' }, 'AsicInvalidMimeType'],
    ['a message', { 'message.xml': undefined }, 'AsicMessageNotFound'],
    ['a signature', { 'META-INF/signatures.xml': undefined }, 'AsicSignatureNotFound'],
    ['a hash chain', { 'sig-hashchain.xml': undefined }, 'AsicHashChainNotFound'],
    ['a hash chain result', { 'sig-hashchainresult.xml': undefined }, 'AsicHashChainResultNotFound'],
    ['a timestamp token', { 'META-INF/timestamp.tst': undefined }, 'AsicTimestampNotFound'],
    ['a timestamp manifest', { 'META-INF/ASiCManifest.xml': undefined }, 'AsicManifestNotFound'],
    ['a timestamp hash chain', { 'ts-hashchain.xml': undefined }, 'AsicHashChainNotFound'],
    ['a timestamp hash chain result', { 'ts-hashchainresult.xml': undefined }, 'AsicHashChainResultNotFound'],
    ['one signature only', { 'META-INF/signatures2.xml': 'x' }, 'MalformedSignature'],
    ['a message that names its signer', { 'message.xml': '<x/>' }, 'InvalidMessage'],
    [
      'the message that was signed',
      { 'message.xml': `${request}x:y\r\n` },
      'MalformedSignature.InvalidHashChainRef',
    ],
    ['the body that was signed', { attachment1: 'other' }, 'MalformedSignature.InvalidHashChainRef'],
    ['a good timestamp token', { 'META-INF/timestamp.tst': 'x' }, 'MalformedSignature'],
    ['a good timestamp hash chain', { 'ts-hashchain.xml': '<x/>' }, 'MalformedSignature.MalformedHashChain'],
  ])('without %s is refused', async (_what, changes, code) => {
    const container = writeContainer(await stampedTogether(await signTexts(ofAlice, request, 'body')));
    expect(await faultOf(async () => verify(await changed(container, changes)))).toBe(code);
  });

  it('without any timestamp is refused', async () => {
    const { head, attachments, documents } = await signTexts(ofAlice, request);
    const container = writeContainer({ head, attachments, documents });
    expect(await faultOf(() => verify(container))).toBe('AsicTimestampNotFound');
  });

  it('with a timestamp of another signature, or by a stranger, is refused', async () => {
    const [one, other] = [await signTexts(ofAlice, request), await signTexts(ofAlice, request)];
    const token = await pki.stamp(readSignature(other.documents.signature).signatureValue);
    const signature = addTimestamp(one.documents.signature, token);
    const container = writeContainer({ head: one.head, attachments: [], documents: { signature } });
    expect(await faultOf(() => verify(container))).toBe('MalformedSignature');
    const strange = await (await createPki()).stamp(readSignature(one.documents.signature).signatureValue);
    const documents = { signature: addTimestamp(one.documents.signature, strange) };
    const stranger = writeContainer({ head: one.head, attachments: [], documents });
    expect(await faultOf(() => verify(stranger))).toBe('MalformedSignature');
  });

  it('is judged by the instant of its timestamp', async () => {
    const message = await signTexts(ofAlice, request);
    const late = new Date(signedAt.getTime() + 24 * 3600_000);
    const token = await pki.stamp(readSignature(message.documents.signature).signatureValue, late);
    const documents = { signature: addTimestamp(message.documents.signature, token) };
    const container = writeContainer({ head: message.head, attachments: [], documents });
    expect(await faultOf(() => verify(container))).toBe('IncorrectValidationInfo');
  });
});

describe('a container from a stranger', () => {
  it('however broken, raises a fault and nothing else', async () => {
    const container = writeContainer(await stampedTogether(await signTexts(ofAlice, request, 'body')));
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), fc.nat(), fc.nat(), async (junk, from, length) => {
        const at = from % container.length;
        const altered = Buffer.concat([
          container.subarray(0, at),
          junk,
          container.subarray(at + (length % 50)),
        ]);
        await faultOf(() => readContainer(altered));
        await faultOf(() => readContainer(Buffer.from(junk)));
        await faultOf(() => verify(altered));
      }),
      { numRuns: 300 },
    );
  });
});

describe('containers of X-Road', () => {
  const folder = '../shared/vectors/asic';
  const vectors = existsSync(folder);

  it.skipIf(!vectors).each([
    ['valid-signed-message', 'accepted'],
    ['valid-batch-ts', 'accepted'],
    ['valid-non-batch-rest', 'accepted'],
    ['wrong-message', 'InvalidSignatureValue'],
    ['invalid-digest', 'InvalidSignatureValue'],
    ['invalid-signed-hashchain', 'MalformedSignature.InvalidHashChainRef'],
    ['invalid-incorrect-references', 'MalformedSignature'],
    ['no-message', 'AsicMessageNotFound'],
    ['no-signature', 'AsicSignatureNotFound'],
    ['not-asic', 'AsicMimeTypeNotFound'],
  ])('such as %s: %s (needs ../shared/vectors)', async (name, outcome) => {
    const configuration = await readConfigurationFolder(`${folder}/globalconf`);
    const container = readFileSync(`${folder}/${name}.asice`);
    const verifier = createVerifier();
    expect(await faultOf(() => verifyContainer({ container, configuration, verifier }))).toBe(outcome);
  });
});
