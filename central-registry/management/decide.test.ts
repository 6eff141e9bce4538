import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { printShort, type ServerId } from '../../gateway/identifier/index.ts';
import { addMember, addServer, addServerClient, removeServerClient } from '../register/index.ts';
import { approveRequest, declineRequest, revokeRequest } from './decide.ts';
import { listEntries, readEntry } from './entries.ts';
import {
  agency,
  agencyServer,
  at,
  certificateOf,
  ministry,
  openSmallRegister,
  permits,
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

const entry = (id: number) => small.register.read((book) => readEntry(book, id));
const approve = (id: number) =>
  small.register.change({ by: 'system' }, (book) => approveRequest(book, id, at));
const decline = (id: number) =>
  small.register.change({ by: 'system' }, (book) => declineRequest(book, id, 'unknown to us', at));
const servers = async () => (await small.register.readAll()).servers;
const serverNow = async (id: ServerId) =>
  (await servers()).find((one) => printShort(one.id) === printShort(id));
/** Outcomes of requests made at once: `fulfilled` or the refusal's code, sorted. */
const outcomes = async (...all: readonly Promise<unknown>[]) =>
  (await Promise.allSettled(all))
    .map((one) => (one.status === 'fulfilled' ? 'done' : (one.reason as { code: string }).code))
    .sort();

describe('an approval', () => {
  it('registers a certificate, and the server with its address when it is new', async () => {
    const added = { ...server, serverCode: 'ss9' };
    const request = { kind: 'authCertReg', server: added, address: 'ss9.example', authCert: fresh } as const;
    const { requestId } = await small.submit(request);
    await approve(requestId);
    expect(await serverNow(added)).toMatchObject({
      address: 'ss9.example',
      authenticationCertificates: [fresh],
    });
    expect(await entry(requestId)).toMatchObject({ status: 'approved', decidedAt: at });
  });

  it('gives a known server the address that came along, if one did', async () => {
    const one = await small.submit({
      kind: 'authCertReg',
      server,
      address: 'moved.example',
      authCert: fresh,
    });
    await approve(one.requestId);
    expect(await serverNow(server)).toMatchObject({ address: 'moved.example' });
    const other = await small.submit({ kind: 'authCertReg', server, authCert: await certificateOf('third') });
    await approve(other.requestId);
    expect(await serverNow(server)).toMatchObject({ address: 'moved.example' });
  });

  it('registers a client, and its subsystem when it is new', async () => {
    const { requestId } = await small.submit({ kind: 'clientReg', server, client: permits });
    await approve(requestId);
    expect((await serverNow(server))?.clients).toContainEqual(permits);
    expect((await small.register.readAll()).subsystems).toContainEqual({ id: permits });
  });

  it('waits for the member', async () => {
    const client = { ...stranger, kind: 'SUBSYSTEM', subsystemCode: 'x' } as const;
    const { requestId } = await small.submit({ kind: 'clientReg', server, client });
    await expect(approve(requestId)).rejects.toMatchObject({ code: 'not-found' });
    expect((await entry(requestId)).status).toBe('waiting');
    await small.register.change({ by: 'system' }, (book) =>
      addMember(book, { id: stranger, name: 'No stranger' }),
    );
    await approve(requestId);
    expect((await serverNow(server))?.clients).toContainEqual(client);
  });

  it('gives the server to its new owner, and ends what waits under its former name', async () => {
    const stale = await small.submit({
      kind: 'authCertReg',
      server,
      address: 'ss1.example',
      authCert: fresh,
    });
    const { requestId } = await small.submit({ kind: 'ownerChange', server, client: agency });
    await approve(requestId);
    expect(await serverNow(server)).toBeUndefined();
    expect(await serverNow({ ...server, memberCode: '2' })).toMatchObject({
      authenticationCertificates: [registered],
    });
    expect((await entry(requestId)).status).toBe('approved');
    expect(await entry(stale.requestId)).toMatchObject({ status: 'revoked', decidedAt: at });
    await expect(approve(stale.requestId)).rejects.toMatchObject({ code: 'in-use' });
  });

  it('is refused for a certificate that expired while it waited', async () => {
    const expired = await certificateOf('expired', new Date('2026-05-01'));
    const { requestId } = await small.submit({ kind: 'authCertReg', server, authCert: expired });
    await expect(approve(requestId)).rejects.toMatchObject({ code: 'invalid' });
  });

  it('is refused when the register has moved on', async () => {
    const owner = await small.submit({ kind: 'ownerChange', server, client: agency });
    await small.register.change({ by: 'system' }, (book) => removeServerClient(book, server, agency));
    await expect(approve(owner.requestId)).rejects.toMatchObject({ code: 'invalid' });
    expect((await entry(owner.requestId)).status).toBe('waiting');
  });
});

describe('a decision', () => {
  it('is made once, and keeps its reason', async () => {
    const { requestId } = await small.submit({ kind: 'clientReg', server, client: permits });
    await decline(requestId);
    expect(await entry(requestId)).toMatchObject({ status: 'declined', reason: 'unknown to us' });
    for (const again of [approve(requestId), decline(requestId)]) {
      await expect(again).rejects.toMatchObject({ code: 'in-use' });
    }
    const revoking = small.register.change({ by: 'system' }, (book) =>
      revokeRequest(book, requestId, undefined, at),
    );
    await expect(revoking).rejects.toMatchObject({ code: 'in-use' });
    expect((await serverNow(server))?.clients).not.toContainEqual(permits);
    await expect(approve(12345)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('against a request lets the same be asked again', async () => {
    const { requestId } = await small.submit({ kind: 'clientReg', server, client: permits });
    await small.register.change({ by: 'system' }, (book) => revokeRequest(book, requestId, 'a slip', at));
    const again = await small.submit({ kind: 'clientReg', server, client: permits });
    await approve(again.requestId);
    expect((await entry(requestId)).status).toBe('revoked');
  });

  it('is not called for by what took effect at once', async () => {
    const { requestId } = await small.submit({ kind: 'addressChange', server, address: 'a.example' });
    await expect(approve(requestId)).rejects.toMatchObject({ code: 'in-use' });
    await expect(decline(requestId)).rejects.toMatchObject({ code: 'in-use' });
  });
});

describe('of two requests at once', () => {
  it('for one certificate, one is taken: across servers and owners too', async () => {
    const [a, b] = [server, agencyServer].map((id) =>
      small.submit({ kind: 'authCertReg', server: id, authCert: fresh }),
    );
    if (a === undefined || b === undefined) throw new Error('two are made');
    expect(await outcomes(a, b)).toEqual(['done', 'exists']);
    const waiting = await small.register.read((book) => listEntries(book, { status: 'waiting', limit: 10 }));
    expect(waiting).toHaveLength(1);
  });

  it('for one client, one is taken', async () => {
    const ask = () => small.submit({ kind: 'clientReg', server, client: permits });
    expect(await outcomes(ask(), ask(), ask())).toEqual(['done', 'exists', 'exists']);
  });

  it('for one new server of the same owner, both certificates become its own', async () => {
    const added = { ...server, serverCode: 'ss9' };
    const ask = (authCert: Buffer) =>
      small.submit({ kind: 'authCertReg', server: added, address: 'ss9.example', authCert });
    const all = await Promise.all([ask(fresh), ask(await certificateOf('other'))]);
    for (const { requestId } of all) await approve(requestId);
    expect((await serverNow(added))?.authenticationCertificates).toHaveLength(2);
  });

  it('for one server code by two owners, each founds a server of its own: the owner is part of the name', async () => {
    const ids = [ministry, agency].map((owner) => ({
      ...server,
      memberCode: owner.memberCode,
      serverCode: 'x',
    }));
    for (const [index, id] of ids.entries()) {
      const authCert = await certificateOf(`x${index}`);
      const { requestId } = await small.submit({ kind: 'authCertReg', server: id, address: 'x', authCert });
      await approve(requestId);
    }
    expect(await servers()).toHaveLength(4);
  });

  it('for one server by two new owners, one is taken', async () => {
    await small.register.change({ by: 'system' }, async (book) => {
      await addMember(book, { id: stranger, name: 'x' });
      await addServerClient(book, server, stranger);
    });
    const ask = (client: typeof agency) => small.submit({ kind: 'ownerChange', server, client });
    expect(await outcomes(ask(agency), ask(stranger))).toEqual(['done', 'exists']);
  });

  it('that would give one member two servers of the same code, one is taken', async () => {
    await small.register.change({ by: 'system' }, async (book) => {
      await addMember(book, { id: stranger, name: 'x' });
      const twin = { ...agencyServer, serverCode: 'ss1' };
      await addServer(book, { id: twin, address: 'twin.example' });
      for (const id of [server, twin]) await addServerClient(book, id, stranger);
    });
    const ask = (id: ServerId) => small.submit({ kind: 'ownerChange', server: id, client: stranger });
    const both = outcomes(ask(server), ask({ ...agencyServer, serverCode: 'ss1' }));
    expect(await both).toEqual(['done', 'exists']);
  });

  it('approve and decline, one is made', async () => {
    const { requestId } = await small.submit({ kind: 'clientReg', server, client: permits });
    expect(await outcomes(approve(requestId), decline(requestId))).toEqual(['done', 'in-use']);
    const isClient = (await serverNow(server))?.clients.some(
      (one) => printShort(one) === printShort(permits),
    );
    expect((await entry(requestId)).status).toBe(isClient === true ? 'approved' : 'declined');
  });

  it('approvals of one request, one is made', async () => {
    const { requestId } = await small.submit({ kind: 'clientReg', server, client: permits });
    expect(await outcomes(approve(requestId), approve(requestId))).toEqual(['done', 'in-use']);
  });
});

describe('a deletion while the registration waits', () => {
  it('revokes it', async () => {
    const client = await small.submit({ kind: 'clientReg', server, client: permits });
    await small.submit({ kind: 'clientDeletion', server, client: permits });
    expect((await entry(client.requestId)).status).toBe('revoked');
    const certificate = await small.submit({ kind: 'authCertReg', server, authCert: fresh });
    await small.submit({ kind: 'authCertDeletion', server, authCert: fresh });
    expect((await entry(certificate.requestId)).status).toBe('revoked');
    for (const { requestId } of [client, certificate]) {
      await expect(approve(requestId)).rejects.toMatchObject({ code: 'in-use' });
    }
    expect((await serverNow(server))?.authenticationCertificates).toEqual([registered]);
  });

  it('of another server revokes nothing', async () => {
    const { requestId } = await small.submit({ kind: 'authCertReg', server, authCert: fresh });
    const foreign = small.submit({ kind: 'authCertDeletion', server: agencyServer, authCert: fresh });
    await expect(foreign).rejects.toMatchObject({ code: 'not-found' });
    expect((await entry(requestId)).status).toBe('waiting');
  });

  it('at the same time as its approval ends in one outcome', async () => {
    const { requestId } = await small.submit({ kind: 'clientReg', server, client: permits });
    const approving = approve(requestId);
    const deleting = small.submit({ kind: 'clientDeletion', server, client: permits });
    await Promise.allSettled([approving, deleting]);
    const { status } = await entry(requestId);
    expect(['approved', 'revoked']).toContain(status);
    // Either order ends without the client: approved and deleted, or revoked before.
    expect((await serverNow(server))?.clients).not.toContainEqual(permits);
  });
});
