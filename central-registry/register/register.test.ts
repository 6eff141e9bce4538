import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateKeyPair, softwareSigningKey } from '../../certs/key/index.ts';
import { buildName, createCertificate } from '../../certs/x509/index.ts';
import type { MemberId, ServerId, SubsystemId } from '../../gateway/identifier/index.ts';
import {
  activateKey,
  addAuthenticationCertificate,
  addCertificationService,
  addGroupMember,
  addKey,
  addMember,
  addServer,
  addServerClient,
  addSubsystem,
  addTimestampingService,
  type Book,
  changeCertificationService,
  changeServer,
  putGroup,
  putMemberClass,
  Register,
  type RegisterErrorCode,
  removeAuthenticationCertificate,
  removeKey,
  removeMember,
  removeMemberClass,
  removeServer,
  removeServerClient,
  removeSubsystem,
  renameMember,
  writeSettings,
} from './index.ts';

const ministry: MemberId = { kind: 'MEMBER', instance: 'TEST', memberClass: 'GOV', memberCode: '1001' };
const population: SubsystemId = { ...ministry, kind: 'SUBSYSTEM', subsystemCode: 'population' };
const server: ServerId = { ...ministry, kind: 'SERVER', serverCode: 'ss1' };

const certificates: Buffer[] = [];
beforeAll(async () => {
  for (const CN of ['one', 'two', 'three']) {
    const { privateKey, publicKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
    const subject = buildName({ CN });
    const { der } = await createCertificate(
      {
        subject,
        issuer: subject,
        publicKey,
        serialNumber: 1n,
        notBefore: new Date('2026-01-01'),
        notAfter: new Date('2036-01-01'),
      },
      softwareSigningKey(privateKey),
    );
    certificates.push(der);
  }
});

function certificate(index: number): Buffer {
  const der = certificates[index];
  if (der === undefined) throw new Error(`no certificate ${index}`);
  return der;
}

describe('a register', () => {
  let dir: string;
  let register: Register;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-register-'));
    await Register.create(join(dir, 'register.sqlite'), 'TEST', 'registry.example');
    register = await Register.open(join(dir, 'register.sqlite'));
  });
  afterEach(() => {
    register.close();
    rmSync(dir, { recursive: true });
  });

  const found = () =>
    register.change({ by: 'system' }, async (book) => {
      await putMemberClass(book, { code: 'GOV', description: 'Government' });
      await addMember(book, { id: ministry, name: 'Ministry of the Interior' });
      await addSubsystem(book, { id: population, name: 'Population register' });
      await addServer(book, { id: server, address: 'ss1.example' });
      await addServerClient(book, server, population);
      await addAuthenticationCertificate(book, server, certificate(0));
      await putGroup(book, { code: 'readers', description: 'May read' });
      await addGroupMember(book, 'readers', population);
    });

  it('keeps everything over a restart', async () => {
    await found();
    await register.change({ by: 'system' }, async (book) => {
      await addTimestampingService(book, {
        name: 'TSA',
        url: 'http://tsa.example',
        certificate: certificate(1),
      });
      await addCertificationService(book, {
        name: 'CA',
        profile: 'ee.ria.xroad.common.certificateprofile.impl.FiVRKCertificateProfileInfoProvider',
        authenticationOnly: false,
        top: {
          certificate: certificate(1),
          ocspResponders: [{ url: 'http://ocsp.example/a', certificate: certificate(2) }],
        },
        intermediates: [{ certificate: certificate(2), ocspResponders: [{ url: 'http://ocsp.example/b' }] }],
      });
    });
    const before = await register.readAll();
    register.close();
    register = await Register.open(join(dir, 'register.sqlite'));
    expect(await register.readAll()).toEqual(before);
    expect(before).toMatchObject({
      instance: 'TEST',
      members: [{ id: ministry, name: 'Ministry of the Interior' }],
      subsystems: [{ id: population }],
      servers: [{ id: server, address: 'ss1.example', clients: [population] }],
      groups: [
        { code: 'readers', members: [population] },
        { code: 'security-server-owners', members: [ministry] },
      ],
      settings: { address: 'registry.example', validitySeconds: 600 },
    });
    expect(before.servers[0]?.authenticationCertificates).toEqual([certificate(0)]);
    expect(before.certificationServices[0]?.intermediates[0]?.ocspResponders).toEqual([
      { url: 'http://ocsp.example/b' },
    ]);
  });

  it('is founded once', async () => {
    const again = Register.create(join(dir, 'register.sqlite'), 'OTHER', 'registry.example');
    await expect(again).rejects.toMatchObject({ code: 'exists' });
    await expect(Register.open(join(dir, 'empty.sqlite'))).rejects.toMatchObject({ code: 'not-found' });
  });

  const refusals: readonly (readonly [string, RegisterErrorCode, (book: Book) => Promise<unknown>])[] = [
    ['a member twice', 'exists', (book) => addMember(book, { id: ministry, name: 'x' })],
    [
      'a member of another instance',
      'not-found',
      (book) => addMember(book, { id: { ...ministry, instance: 'X' }, name: 'x' }),
    ],
    [
      'a member of an unknown class',
      'not-found',
      (book) => addMember(book, { id: { ...ministry, memberClass: 'COM' }, name: 'x' }),
    ],
    [
      'a code that could be taken for a path',
      'invalid',
      (book) => addMember(book, { id: { ...ministry, memberCode: 'a/b' }, name: 'x' }),
    ],
    [
      'a name that XML cannot carry',
      'invalid',
      (book) => renameMember(book, { id: ministry, name: 'a\u0000' }),
    ],
    [
      'a subsystem of an unknown member',
      'not-found',
      (book) => addSubsystem(book, { id: { ...population, memberCode: '9' } }),
    ],
    ['a server twice', 'exists', (book) => addServer(book, { id: server, address: 'x' })],
    [
      'an address with a scheme',
      'invalid',
      (book) => changeServer(book, { id: server, address: 'http://x' }),
    ],
    ['an owner as client of its own server', 'invalid', (book) => addServerClient(book, server, ministry)],
    ['a client twice', 'exists', (book) => addServerClient(book, server, population)],
    [
      'a certificate that another entry has',
      'exists',
      (book) => addAuthenticationCertificate(book, server, certificate(0)),
    ],
    [
      'bytes that are no certificate',
      'invalid',
      (book) => addAuthenticationCertificate(book, server, Buffer.from('x')),
    ],
    ['the removal of a class with members', 'in-use', (book) => removeMemberClass(book, 'GOV')],
    ['the removal of a member with subsystems', 'in-use', (book) => removeMember(book, ministry)],
    ['the removal of a subsystem that is a client', 'in-use', (book) => removeSubsystem(book, population)],
    [
      'the removal of an identifier of another instance',
      'not-found',
      (book) => removeServer(book, { ...server, instance: 'X' }),
    ],
    ['a group member twice', 'exists', (book) => addGroupMember(book, 'readers', population)],
    ['a member of an unknown group', 'not-found', (book) => addGroupMember(book, 'nobody', population)],
    [
      'a service address with a password in it',
      'invalid',
      (book) =>
        addTimestampingService(book, {
          name: 'x',
          url: 'http://a:b@tsa.example',
          certificate: certificate(1),
        }),
    ],
    [
      'a validity shorter than two polls',
      'invalid',
      (book) =>
        writeSettings(book, {
          address: 'x',
          ocspFreshnessSeconds: 3600,
          timeStampingIntervalSeconds: 60,
          validitySeconds: 5,
        }),
    ],
  ];
  it.each(refusals)('refuses %s: %s', async (_, code, change) => {
    await found();
    const before = await register.readAll();
    await expect(register.change({ by: 'system' }, change)).rejects.toMatchObject({ code });
    expect(await register.readAll()).toEqual(before);
  });

  it('undoes a change of several steps when one of them is refused', async () => {
    await found();
    const change = register.change({ by: 'system' }, async (book) => {
      await removeServerClient(book, server, population);
      await removeSubsystem(book, population);
      await removeMember(book, ministry);
    });
    await expect(change).rejects.toMatchObject({ code: 'in-use' });
    expect((await register.readAll()).subsystems).toHaveLength(1);
  });

  it('tells of changes that were made, and of no other', async () => {
    let told = 0;
    const stop = register.onChange(() => told++);
    await found();
    await expect(found()).rejects.toMatchObject({ code: 'exists' });
    expect(told).toBe(1);
    stop();
    await register.change({ by: 'system' }, (book) => renameMember(book, { id: ministry, name: 'Interior' }));
    expect(told).toBe(1);
  });

  it('forgets a server whole, and leaves its clients registered', async () => {
    await found();
    await register.change({ by: 'system' }, (book) => removeServer(book, server));
    const { servers, subsystems } = await register.readAll();
    expect([servers.length, subsystems.length]).toEqual([0, 1]);
    await register.change({ by: 'system' }, (book) => addServer(book, { id: server, address: '192.0.2.1' }));
    await register.change({ by: 'system' }, (book) =>
      addAuthenticationCertificate(book, server, certificate(0)),
    );
  });

  it('finds a certificate by its digest, in PEM or DER', async () => {
    await found();
    const pem = `-----BEGIN CERTIFICATE-----\n${certificate(1).toString('base64')}\n-----END CERTIFICATE-----\n`;
    const sha256 = await register.change({ by: 'system' }, (book) =>
      addAuthenticationCertificate(book, server, Buffer.from(pem)),
    );
    await register.change({ by: 'system' }, (book) => removeAuthenticationCertificate(book, server, sha256));
    expect((await register.readAll()).servers[0]?.authenticationCertificates).toEqual([certificate(0)]);
  });

  it('keeps maintenance with and without a message apart from normal service', async () => {
    await found();
    for (const maintenance of [{}, { message: 'Back at noon' }]) {
      await register.change({ by: 'system' }, (book) =>
        changeServer(book, { id: server, address: 'b.example', maintenance }),
      );
      expect((await register.readAll()).servers[0]).toMatchObject({ address: 'b.example', maintenance });
    }
    await register.change({ by: 'system' }, (book) =>
      changeServer(book, { id: server, address: 'b.example' }),
    );
    expect((await register.readAll()).servers[0]?.maintenance).toBeUndefined();
  });

  it('changes a certification service in place, under its own name', async () => {
    const service = {
      name: 'CA',
      profile: 'P',
      authenticationOnly: true,
      top: { certificate: certificate(1), ocspResponders: [] },
      intermediates: [],
    };
    const entryId = await register.change({ by: 'system' }, (book) => addCertificationService(book, service));
    await expect(
      register.change({ by: 'system' }, (book) => addCertificationService(book, service)),
    ).rejects.toMatchObject({
      code: 'exists',
    });
    await register.change({ by: 'system' }, (book) =>
      changeCertificationService(book, { ...service, entryId, name: 'CA 2' }),
    );
    expect((await register.readAll()).certificationServices).toMatchObject([{ entryId, name: 'CA 2' }]);
  });

  it('lets exactly one key of a source sign, and keeps it from being removed', async () => {
    const key = (keyId: string, source: 'internal' | 'external') => ({
      source,
      keyId,
      certificate: certificate(0),
      createdAt: new Date('2026-01-01'),
    });
    await register.change({ by: 'system' }, async (book) => {
      await addKey(book, key('a', 'internal'));
      await addKey(book, key('b', 'internal'));
      await addKey(book, key('c', 'external'));
    });
    const active = async () =>
      (await register.readAll()).keys.filter(({ isActive }) => isActive).map(({ keyId }) => keyId);
    expect(await active()).toEqual(['a', 'c']);
    await expect(register.change({ by: 'system' }, (book) => removeKey(book, 'a'))).rejects.toMatchObject({
      code: 'in-use',
    });
    await register.change({ by: 'system' }, (book) => activateKey(book, 'b'));
    expect(await active()).toEqual(['b', 'c']);
    await register.change({ by: 'system' }, (book) => removeKey(book, 'a'));
    await expect(register.change({ by: 'system' }, (book) => activateKey(book, 'a'))).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});
