import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateKeyPair, type KeySpec, softwareSigningKey } from '../../certs/key/index.ts';
import { buildName, type Certificate, createCertificate } from '../../certs/x509/index.ts';
import { Fault } from '../fault/index.ts';
import { composeEnvelope, parseSoapBody } from '../soap/index.ts';
import { parseXml } from '../xml/index.ts';
import {
  carriageOf,
  composeMultipart,
  composePlain,
  composeRegistration,
  type ManagementRequest,
  managementKinds,
  readManagementMessage,
  readManagementRequest,
  readManagementResponse,
  signDetached,
  signerOf,
  verifyDetached,
  writeManagementBody,
  writeManagementResponse,
} from './index.ts';

const owner = { kind: 'MEMBER', instance: 'DEV', memberClass: 'GOV', memberCode: '1' } as const;
const server = { ...owner, kind: 'SERVER', serverCode: 'ss1' } as const;
const other = { kind: 'MEMBER', instance: 'DEV', memberClass: 'COM', memberCode: '2' } as const;
const client = { ...other, kind: 'SUBSYSTEM', subsystemCode: 'sub' } as const;
const authCert = Buffer.from('not a certificate, but bytes');

const requests: readonly ManagementRequest[] = [
  { kind: 'authCertReg', server, address: 'ss.example.org', authCert, dryRun: true },
  { kind: 'authCertReg', server, authCert },
  { kind: 'authCertDeletion', server, authCert },
  { kind: 'clientReg', server, client, subsystemName: 'Sub & Co' },
  { kind: 'clientReg', server, client },
  { kind: 'clientDeletion', server, client },
  { kind: 'clientDisable', server, client },
  { kind: 'clientEnable', server, client: other },
  { kind: 'clientRename', server, client, subsystemName: 'Õ' },
  { kind: 'ownerChange', server, client: other },
  { kind: 'addressChange', server, address: '192.0.2.1' },
  { kind: 'maintenanceModeEnable', server, message: 'until noon' },
  { kind: 'maintenanceModeEnable', server },
  { kind: 'maintenanceModeDisable', server },
];

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('a management request', () => {
  it.each(requests.map((request) => [request.kind, request] as const))(
    '%s is read as it was written',
    (_, request) => {
      const body = writeManagementBody(request);
      expect(readManagementRequest(parseXml(body))).toEqual(request);
      expect(readManagementResponse(parseXml(writeManagementResponse(request, 42)))).toEqual({
        requestId: 42,
      });
    },
  );

  it('of every kind is among them', () => {
    expect(new Set(requests.map(({ kind }) => kind))).toEqual(new Set(managementKinds));
  });

  it.each([
    ['clientReg', other],
    ['clientRename', other],
    ['ownerChange', other],
    ['addressChange', owner],
    ['maintenanceModeEnable', owner],
    ['authCertReg', owner],
    ['clientDeletion', undefined],
    ['authCertDeletion', undefined],
  ])('%s is signed by the member it concerns', (kind, signer) => {
    const request = requests.find((one) => one.kind === kind);
    expect(request && signerOf(request)).toEqual(signer);
    expect(carriageOf(request?.kind ?? 'authCertReg') === 'plain').toBe(signer === undefined);
  });

  const body = writeManagementBody({ kind: 'clientReg', server, client, subsystemName: 'Sub' });

  it.each([
    ['of an unknown kind', 'clientReg', 'clientSteal', 'InvalidBody'],
    ['of another namespace', 'http://x-road.eu/xsd/xroad.xsd', 'urn:x', 'InvalidBody'],
    ['without server', /<xr:server.*<\/xr:server>/, '', 'InvalidBody'],
    ['without client', /<xr:client .*<\/xr:client>/, '', 'InvalidBody'],
    ['with two servers', /(<xr:server.*<\/xr:server>)/, '$1$1', 'InvalidBody'],
    [
      'with a field of another kind',
      '</xr:clientReg>',
      '<xr:address>a</xr:address></xr:clientReg>',
      'InvalidBody',
    ],
    ['with a client for a server', 'id:objectType="SERVER"', 'id:objectType="MEMBER"', 'InvalidXml'],
    ['with a server for a client', 'id:objectType="SUBSYSTEM"', 'id:objectType="SERVER"', 'InvalidXml'],
    ['with a comment in a value', '>Sub<', '>S<!-- -->ub<', 'InvalidXml'],
    ['with a name without end', '>Sub<', `>${'x'.repeat(256)}<`, 'InvalidRequest'],
  ])('%s is refused', (_, from, to, code) => {
    const changed = body.replaceAll(from instanceof RegExp ? new RegExp(from, 'g') : from, to);
    expect(changed).not.toBe(body);
    expect(codeOf(() => readManagementRequest(parseXml(changed)))).toBe(code);
  });

  it('that makes a subsystem an owner is refused', () => {
    const made = writeManagementBody({ kind: 'clientDisable', server, client }).replaceAll(
      'clientDisable',
      'ownerChange',
    );
    expect(codeOf(() => readManagementRequest(parseXml(made)))).toBe('InvalidRequest');
  });

  it.each(['', 'not base64', 'AAAA='])("whose certificate is '%s' is refused", (value) => {
    const made = writeManagementBody({ kind: 'authCertDeletion', server, authCert }).replace(
      authCert.toString('base64'),
      value,
    );
    expect(codeOf(() => readManagementRequest(parseXml(made)))).toBe('InvalidXml');
  });
});

const specs: readonly [string, KeySpec][] = [
  ['SHA512withECDSA', { type: 'ec', curve: 'P-256' }],
  ['SHA512withRSA', { type: 'rsa', bits: 2048 }],
];

const signers = new Map<
  string,
  { key: ReturnType<typeof softwareSigningKey>; certificate: Certificate; pem: string }
>();

beforeAll(async () => {
  for (const [name, spec] of specs) {
    const { privateKey } = await generateKeyPair(spec);
    const key = softwareSigningKey(privateKey);
    const subject = buildName({ CN: name });
    const certificate = await createCertificate(
      {
        ...{ subject, issuer: subject, publicKey: key.publicKey, serialNumber: 1n },
        notBefore: new Date('2026-01-01'),
        notAfter: new Date('2036-01-01'),
        keyUsage: ['nonRepudiation'],
      },
      key,
    );
    signers.set(name, {
      key,
      certificate,
      pem: key.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    });
  }
});

function signerNamed(name: string) {
  const signer = signers.get(name);
  if (signer === undefined) throw new Error(name);
  return signer;
}

describe('a detached signature', () => {
  const bytes = Buffer.from('<envelope/>');

  it.each(specs)(
    'with %s is named as Java names it, and fits these bytes and this key alone',
    async (name) => {
      const { key, certificate } = signerNamed(name);
      const signature = await signDetached(key, bytes);
      expect(signature.algorithm).toBe(name);
      expect(verifyDetached(signature, certificate, bytes)).toBe(true);
      expect(verifyDetached(signature, certificate, Buffer.from('<other/>'))).toBe(false);
      const [another] = [...signers.values()].filter((one) => one.certificate !== certificate);
      expect(another && verifyDetached(signature, another.certificate, bytes)).toBe(false);
      for (const algorithm of ['SHA1withRSA', 'NONEwithRSA', 'SHA256withRSA', 'MD5withRSA', '']) {
        expect(verifyDetached({ ...signature, algorithm }, certificate, bytes)).toBe(false);
      }
    },
  );

  const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
  it.skipIf(!hasOpenssl).each(specs)('with %s is what openssl reads (needs openssl)', async (name) => {
    const { key, pem } = signerNamed(name);
    const dir = mkdtempSync(join(tmpdir(), 'detached-'));
    try {
      writeFileSync(join(dir, 'data'), bytes);
      writeFileSync(join(dir, 'key.pem'), pem);
      writeFileSync(join(dir, 'sig'), (await signDetached(key, bytes)).value);
      const args = [
        'dgst',
        '-sha512',
        '-verify',
        join(dir, 'key.pem'),
        '-signature',
        join(dir, 'sig'),
        join(dir, 'data'),
      ];
      expect(execFileSync('openssl', args).toString()).toContain('Verified OK');
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('a management message', () => {
  const header = {
    client: owner,
    service: { ...owner, kind: 'SERVICE', subsystemCode: 'management', serviceCode: 'clientReg' },
    id: '1',
    protocolVersion: '4.0',
  } as const;
  const envelope = composeEnvelope(header, writeManagementBody({ kind: 'clientReg', server, client }));
  const proof = (value: string) => ({
    signature: { algorithm: 'SHA512withRSA', value: Buffer.from([0, 13, 10, ...Buffer.from(value)]) },
    certificate: Buffer.from(`certificate ${value}`),
  });
  const status = Buffer.from('status');
  const multipart = composeMultipart(envelope, proof('signer'), status, 'B');
  const registration = composeRegistration(
    envelope,
    { authentication: proof('authentication'), owner: proof('owner') },
    status,
    'B',
  );

  it('is taken apart into the bytes that were put in', () => {
    const { bytes, contentType } = composePlain(envelope);
    expect(readManagementMessage(bytes, contentType, 'service')).toMatchObject({
      envelope,
      signatures: [],
      certificates: [],
    });
    const signed = readManagementMessage(multipart.bytes, multipart.contentType, 'service');
    expect(signed).toMatchObject({
      envelope,
      signatures: [proof('signer').signature],
      certificates: [proof('signer').certificate],
      ocspResponse: status,
    });
    expect(parseSoapBody(signed.envelope).localName).toBe('clientReg');
    expect(readManagementMessage(registration.bytes, registration.contentType, 'registration')).toMatchObject(
      {
        envelope,
        signatures: [proof('authentication').signature, proof('owner').signature],
        certificates: [proof('authentication').certificate, proof('owner').certificate],
        ocspResponse: status,
      },
    );
  });

  it('spells the header of the algorithm as readers look it up', () => {
    expect(multipart.bytes.toString('latin1')).toContain('\r\nsignature-algorithm-id: SHA512withRSA\r\n');
  });

  const altered = (from: string | RegExp, to: string) => {
    const text = multipart.bytes.toString('latin1').replace(from, to);
    return codeOf(() => readManagementMessage(Buffer.from(text, 'latin1'), multipart.contentType, 'service'));
  };

  it.each([
    ['without algorithm', 'signature-algorithm-id: SHA512withRSA\r\n', '', 'InvalidRequest'],
    [
      'with a part more',
      '--B--',
      '--B\r\ncontent-type: application/octet-stream\r\n\r\nx\r\n--B--',
      'InvalidRequest',
    ],
    [
      'with a part less',
      /--B\r\ncontent-type: application\/octet-stream\r\n\r\nstatus\r\n/,
      '',
      'InvalidRequest',
    ],
    [
      'whose envelope is not first',
      'content-type: text/xml; charset=UTF-8',
      'content-type: application/octet-stream',
      'InvalidContentType',
    ],
    [
      'whose signature is text',
      'content-type: application/octet-stream\r\nsig',
      'content-type: text/plain\r\nsig',
      'InvalidContentType',
    ],
    ['that breaks off', '--B--', '', 'MimeParsingFailed'],
  ])('%s is refused', (_, from, to, code) => {
    expect(altered(from, to)).toBe(code);
  });

  it('in the form of the other way is refused', () => {
    const { bytes, contentType } = multipart;
    expect(codeOf(() => readManagementMessage(bytes, contentType, 'registration'))).toBe('InvalidRequest');
    expect(codeOf(() => readManagementMessage(registration.bytes, registration.contentType, 'service'))).toBe(
      'InvalidRequest',
    );
    expect(codeOf(() => readManagementMessage(envelope, 'text/xml', 'registration'))).toBe(
      'InvalidContentType',
    );
  });

  it('larger than any real one is refused', () => {
    const large = Buffer.alloc(1024 * 1024 + 1);
    expect(codeOf(() => readManagementMessage(large, 'text/xml', 'service'))).toBe('InvalidRequest');
    expect(
      codeOf(() =>
        readManagementMessage(large.subarray(0, 51 * 1024), registration.contentType, 'registration'),
      ),
    ).toBe('InvalidRequest');
  });
});
