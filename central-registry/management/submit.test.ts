import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { printShort, type ServerId } from '../../gateway/identifier/index.ts';
import type { ManagementRequest } from '../../gateway/management/index.ts';
import { addSubsystem, type RegisterContent, setClientEnabled } from '../register/index.ts';
import { writeAutomaticApproval } from './approval-kinds.ts';
import { listEntries, readEntry } from './entries.ts';
import {
  agency,
  agencyServer,
  at,
  certificateOf,
  management,
  ministry,
  openSmallRegister,
  permits,
  population,
  type SmallRegister,
  server,
  stranger,
} from './testing/small-register.ts';

let registered: Buffer;
let fresh: Buffer;
let small: SmallRegister;
beforeAll(async () => {
  registered = await certificateOf('registered');
  fresh = await certificateOf('fresh');
});
beforeEach(async () => {
  small = await openSmallRegister(registered);
});
afterEach(() => small.close());

const content = (): Promise<RegisterContent> => small.register.readAll();
const entries = () => small.register.read((book) => listEntries(book, { limit: 1000 }));
const entry = (id: number) => small.register.read((book) => readEntry(book, id));
const serverNow = async (id: ServerId) =>
  (await content()).servers.find((one) => printShort(one.id) === printShort(id));

/** Each kind as its owner may send it. */
const requests = (): readonly ManagementRequest[] => [
  { kind: 'authCertReg', server, authCert: fresh },
  { kind: 'authCertDeletion', server, authCert: registered },
  { kind: 'clientReg', server, client: permits, subsystemName: 'Permits' },
  { kind: 'clientDeletion', server, client: population },
  { kind: 'clientDisable', server, client: population },
  { kind: 'clientEnable', server, client: population },
  { kind: 'clientRename', server, client: population, subsystemName: 'Population register' },
  { kind: 'ownerChange', server, client: agency },
  { kind: 'addressChange', server, address: 'new.example' },
  { kind: 'maintenanceModeEnable', server: agencyServer, message: 'back at noon' },
  { kind: 'maintenanceModeDisable', server },
];

describe('a management request', () => {
  it.each(requests().map((request, index) => [request.kind, index] as const))(
    '%s is taken from the owner, and kept as it came',
    async (_kind, index) => {
      const request = requests()[index] as ManagementRequest;
      const { requestId } = await small.submit(request);
      const kept = await entry(requestId);
      expect(kept.request).toEqual(request);
      const waits = ['authCertReg', 'clientReg', 'ownerChange'].includes(request.kind);
      expect(kept).toMatchObject({ status: waits ? 'waiting' : 'approved', createdAt: at });
      expect(kept.decidedAt).toEqual(waits ? undefined : at);
    },
  );

  it.each(requests().map((request, index) => [request.kind, index] as const))(
    '%s is refused from whoever does not own the server, and changes nothing',
    async (_kind, index) => {
      const request = requests()[index] as ManagementRequest;
      const before = await content();
      const { memberCode } = request.server;
      const other = memberCode === '1' ? agency : ministry;
      const subsystem = { ...population, memberCode };
      const abroad = { ...other, instance: 'ABROAD', memberCode };
      for (const sender of [other, stranger, subsystem, abroad]) {
        await expect(small.submit(request, { sender })).rejects.toMatchObject({ code: 'AccessDenied' });
      }
      expect(await entries()).toEqual([]);
      expect(await content()).toEqual(before);
    },
  );

  it.each(requests().map((request, index) => [request.kind, index] as const))(
    '%s is refused for a server of another instance',
    async (_kind, index) => {
      const request = requests()[index] as ManagementRequest;
      const abroad = { ...request, server: { ...request.server, instance: 'ABROAD' } };
      await expect(small.submit(abroad)).rejects.toMatchObject({ code: 'not-found' });
      expect(await entries()).toEqual([]);
    },
  );

  it.each(requests().map((request, index) => [request.kind, index] as const))(
    '%s is answered alike when the message comes again, and changes nothing',
    async (_kind, index) => {
      const request = requests()[index] as ManagementRequest;
      const first = await small.submit(request, { messageId: 'm1', digest: 'd1' });
      const before = [await content(), await entries()];
      const again = await small.submit(request, { messageId: 'm1', digest: 'd1' });
      expect(again).toEqual({ requestId: first.requestId, isPublished: false });
      expect([await content(), await entries()]).toEqual(before);
      const reused = small.submit(request, { messageId: 'm1', digest: 'd2' });
      await expect(reused).rejects.toMatchObject({ code: 'InvalidRequest' });
    },
  );

  it('changes nothing when it is replayed after what it did was undone', async () => {
    const deletion = { kind: 'clientDeletion', server, client: population } as const;
    await small.submit(deletion, { messageId: 'm1', digest: 'd1' });
    await small.register.change({ by: 'system' }, (book) =>
      writeAutomaticApproval(book, { ...nobody, clientReg: true }),
    );
    await small.submit({ kind: 'clientReg', server, client: population });
    await small.submit(deletion, { messageId: 'm1', digest: 'd1' });
    expect((await serverNow(server))?.clients).toContainEqual(population);
  });

  it('may use a message identifier that another member used', async () => {
    await small.submit({ kind: 'addressChange', server, address: 'a.example' }, { messageId: 'm1' });
    await small.submit(
      { kind: 'addressChange', server: agencyServer, address: 'b.example' },
      { messageId: 'm1' },
    );
    expect(await entries()).toHaveLength(2);
  });
});

const nobody = { authCertReg: false, clientReg: false, ownerChange: false };

describe('a request that takes effect at once', () => {
  it('deletes a certificate of that server alone', async () => {
    const foreign = small.submit({ kind: 'authCertDeletion', server: agencyServer, authCert: registered });
    await expect(foreign).rejects.toMatchObject({ code: 'not-found' });
    await small.submit({ kind: 'authCertDeletion', server, authCert: registered });
    expect((await serverNow(server))?.authenticationCertificates).toEqual([]);
  });

  it('disables and enables a client', async () => {
    await small.submit({ kind: 'clientDisable', server, client: population });
    expect((await serverNow(server))?.clients).not.toContainEqual(population);
    await small.submit({ kind: 'clientEnable', server, client: population });
    expect((await serverNow(server))?.clients).toContainEqual(population);
  });

  it('deletes a client', async () => {
    await small.submit({ kind: 'clientDeletion', server, client: population });
    expect((await serverNow(server))?.clients).not.toContainEqual(population);
    const again = small.submit({ kind: 'clientDeletion', server, client: population });
    await expect(again).rejects.toMatchObject({ code: 'not-found' });
  });

  it('renames a subsystem that is a client there, not another', async () => {
    await small.register.change({ by: 'system' }, (book) => addSubsystem(book, { id: permits }));
    const subsystemName = 'New name';
    await small.submit({ kind: 'clientRename', server, client: population, subsystemName });
    expect((await content()).subsystems).toContainEqual({ id: population, name: subsystemName });
    const elsewhere = small.submit({ kind: 'clientRename', server, client: permits, subsystemName });
    await expect(elsewhere).rejects.toMatchObject({ code: 'not-found' });
    const member = small.submit({ kind: 'clientRename', server, client: agency, subsystemName });
    await expect(member).rejects.toMatchObject({ code: 'invalid' });
  });

  it('changes the address and keeps the maintenance', async () => {
    await small.submit({ kind: 'maintenanceModeEnable', server: agencyServer, message: 'soon' });
    await small.submit({ kind: 'addressChange', server: agencyServer, address: 'new.example' });
    const now = await serverNow(agencyServer);
    expect(now).toMatchObject({ address: 'new.example', maintenance: { message: 'soon' } });
    await small.submit({ kind: 'maintenanceModeDisable', server: agencyServer });
    expect(await serverNow(agencyServer)).not.toHaveProperty('maintenance');
  });

  it('is refused as maintenance of the server that hosts the management service', async () => {
    const request = { kind: 'maintenanceModeEnable', server } as const;
    await expect(small.submit(request)).rejects.toMatchObject({ code: 'invalid' });
    await small.register.change({ by: 'system' }, (book) =>
      setClientEnabled(book, server, management, false),
    );
    await expect(small.submit(request)).rejects.toMatchObject({ code: 'invalid' });
  });

  it.each<[string, string, () => ManagementRequest]>([
    ['an address with a port', 'invalid', () => ({ kind: 'addressChange', server, address: 'a.example:1' })],
    [
      'an empty name',
      'invalid',
      () => ({ kind: 'clientRename', server, client: population, subsystemName: '' }),
    ],
    ['the owner to be disabled', 'not-found', () => ({ kind: 'clientDisable', server, client: ministry })],
    ['the owner to be deleted', 'invalid', () => ({ kind: 'clientDeletion', server, client: ministry })],
    ['a stranger to be enabled', 'not-found', () => ({ kind: 'clientEnable', server, client: permits })],
    [
      "another instance's client to be deleted",
      'not-found',
      () => ({ kind: 'clientDeletion', server, client: { ...population, instance: 'ABROAD' } }),
    ],
    [
      'what is no certificate',
      'invalid',
      () => ({ kind: 'authCertDeletion', server, authCert: Buffer.from('x') }),
    ],
    [
      'an unknown server',
      'not-found',
      () => ({ kind: 'addressChange', server: { ...server, serverCode: 'ss9' }, address: 'a.example' }),
    ],
  ])('is refused with %s', async (_what, code, make) => {
    await expect(small.submit(make())).rejects.toMatchObject({ code });
    expect(await entries()).toEqual([]);
  });
});

describe('a request that waits for approval', () => {
  it('changes nothing that is published', async () => {
    const before = await content();
    const { revision } = small.register;
    await small.submit({ kind: 'authCertReg', server, authCert: fresh });
    await small.submit({ kind: 'clientReg', server, client: permits });
    await small.submit({ kind: 'ownerChange', server, client: agency });
    expect(await content()).toEqual(before);
    expect(small.register.revision).toBe(revision);
  });

  it('takes effect at once when its kind is approved automatically and the member is registered', async () => {
    const all = { authCertReg: true, clientReg: true, ownerChange: true };
    await small.register.change({ by: 'system' }, (book) => writeAutomaticApproval(book, all));
    await small.submit({ kind: 'authCertReg', server, authCert: fresh });
    await small.submit({ kind: 'clientReg', server, client: permits, subsystemName: 'Permits' });
    expect((await serverNow(server))?.authenticationCertificates).toContainEqual(fresh);
    expect((await serverNow(server))?.clients).toContainEqual(permits);
    expect((await content()).subsystems).toContainEqual({ id: permits, name: 'Permits' });
    await small.submit({ kind: 'ownerChange', server, client: agency });
    expect(await serverNow({ ...server, memberCode: '2' })).toBeDefined();
  });

  it('waits all the same when the member is not registered, or only another kind is automatic', async () => {
    await small.register.change({ by: 'system' }, (book) =>
      writeAutomaticApproval(book, { ...nobody, clientReg: true }),
    );
    const unknown = { ...stranger, kind: 'SUBSYSTEM', subsystemCode: 'x' } as const;
    const { requestId } = await small.submit({ kind: 'clientReg', server, client: unknown });
    expect((await entry(requestId)).status).toBe('waiting');
    const other = await small.submit({ kind: 'authCertReg', server, authCert: fresh });
    expect((await entry(other.requestId)).status).toBe('waiting');
  });

  it('is only checked in a dry run', async () => {
    const request = { kind: 'authCertReg', server, authCert: fresh, dryRun: true } as const;
    expect(await small.submit(request)).toEqual({ requestId: 0, isPublished: false });
    await small.register.change({ by: 'system' }, (book) =>
      writeAutomaticApproval(book, { ...nobody, authCertReg: true }),
    );
    expect(await small.submit(request)).toEqual({ requestId: 0, isPublished: false });
    expect(await entries()).toEqual([]);
    expect((await serverNow(server))?.authenticationCertificates).toEqual([registered]);
    const taken = small.submit({ ...request, authCert: registered });
    await expect(taken).rejects.toMatchObject({ code: 'exists' });
  });

  it.each<[string, string, () => ManagementRequest]>([
    [
      'a certificate that a server has',
      'exists',
      () => ({ kind: 'authCertReg', server: agencyServer, authCert: registered }),
    ],
    [
      'a new server without an address',
      'invalid',
      () => ({ kind: 'authCertReg', server: { ...server, serverCode: 'ss9' }, authCert: fresh }),
    ],
    [
      'a server code that could be a path',
      'invalid',
      () => ({
        kind: 'authCertReg',
        server: { ...server, serverCode: 'a/b' },
        address: 'a',
        authCert: fresh,
      }),
    ],
    [
      'an address with a scheme',
      'invalid',
      () => ({ kind: 'authCertReg', server, address: 'https://a', authCert: fresh }),
    ],
    [
      'what is no certificate',
      'invalid',
      () => ({ kind: 'authCertReg', server, authCert: Buffer.from('x') }),
    ],
    ['a client that is registered', 'exists', () => ({ kind: 'clientReg', server, client: population })],
    ['the owner as a client', 'invalid', () => ({ kind: 'clientReg', server, client: ministry })],
    [
      "another instance's client",
      'not-found',
      () => ({ kind: 'clientReg', server, client: { ...permits, instance: 'ABROAD' } }),
    ],
    [
      'an unknown server',
      'not-found',
      () => ({ kind: 'clientReg', server: { ...server, serverCode: 'ss9' }, client: permits }),
    ],
    ['the owner as a new owner', 'exists', () => ({ kind: 'ownerChange', server, client: ministry })],
    [
      'a new owner who is no client there',
      'invalid',
      () => ({ kind: 'ownerChange', server: agencyServer, client: ministry }),
    ],
  ])('is refused with %s', async (_what, code, make) => {
    await expect(small.submit(make())).rejects.toMatchObject({ code });
    expect(await entries()).toEqual([]);
  });

  it('is refused when too many of the same member wait', async () => {
    for (let count = 0; count < 100; count++) {
      const client = { ...permits, subsystemCode: `s${count}` };
      await small.submit({ kind: 'clientReg', server, client });
    }
    const more = small.submit({ kind: 'clientReg', server, client: permits });
    await expect(more).rejects.toMatchObject({ code: 'InvalidRequest' });
    // The queue of one does not hold up another.
    await small.submit({ kind: 'clientReg', server: agencyServer, client: permits });
  });
});
