import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { memberOf, printEncoded, type ServerId, type SubsystemId } from '../../gateway/identifier/index.ts';
import { readEntry } from '../management/index.ts';
import {
  agency,
  agencyServer,
  at,
  certificateOf,
  openSmallRegister,
  type SmallRegister,
  stranger,
} from '../management/testing/small-register.ts';
import {
  addMember,
  addSubsystem,
  isRegistered,
  listServers,
  readSettings,
  writeSettings,
} from '../register/index.ts';
import { approveJoining, declineJoining, joiningStatus, settle } from './decide.ts';
import { insertInvitation, readInvitationEntry, setRedeemed } from './table.ts';

const jti = 'j'.repeat(22);
const address = 'ss.stranger.example';
const invited: ServerId = { ...stranger, kind: 'SERVER', serverCode: 'ss1' };
const portal: SubsystemId = { ...stranger, kind: 'SUBSYSTEM', subsystemCode: 'portal' };
const act = { by: 'test' };
const deciding = { by: 'user:anna', at };

let own: Buffer;
let fresh: Buffer;
let small: SmallRegister;
beforeAll(async () => {
  own = await certificateOf('registered');
  fresh = await certificateOf('fresh');
});
beforeEach(async () => {
  small = await openSmallRegister(own);
  await small.register.change(act, async (book) => {
    await insertInvitation(book, {
      ...{ jti, member: stranger, memberName: 'Stranger', contact: 'c', serverCode: 'ss1' },
      ...{ anchor: Buffer.alloc(0), createdAt: at, createdBy: 'user:anna' },
      expiresAt: new Date(at.getTime() + 1000),
    });
    await setRedeemed(book, jti, { address, subsystems: [{ code: 'portal' }] }, '0'.repeat(64), at);
  });
});
afterEach(() => small.close());

const read = () => small.register.read((book) => readInvitationEntry(book, jti, at));
const approve = () => small.register.change(act, (book) => approveJoining(book, jti, deciding));
const decline = () =>
  small.register.change(act, (book) => declineJoining(book, jti, 'no agreement', deciding));
const settleNow = async () => {
  const invitation = await read();
  return small.register.change(act, (book) => settle(book, invitation, at));
};
const statusOf = async (id: number) => (await small.register.read((book) => readEntry(book, id))).status;
const registration = (more: object = {}) =>
  small.submit({ kind: 'authCertReg', server: invited, address, authCert: fresh, ...more });

describe('approving a joining', () => {
  it('registers the member, and lets take effect what waits and what comes', async () => {
    const { requestId } = await registration();
    expect(await approve()).toBe(true);
    expect(await statusOf(requestId)).toBe('approved');
    const { requestId: next } = await small.submit({ kind: 'clientReg', server: invited, client: portal });
    expect(await statusOf(next)).toBe('waiting');
    expect(await settleNow()).toBe(true);
    expect(await statusOf(next)).toBe('approved');
    expect(await settleNow()).toBe(false);
    expect((await read()).decision).toEqual({ outcome: 'approved', ...deciding });
  });

  it('says nothing about another address than was tried', async () => {
    const { requestId } = await registration({ address: 'elsewhere.example' });
    await approve();
    expect(await statusOf(requestId)).toBe('waiting');
  });

  it('says nothing about other servers and subsystems of the member', async () => {
    const other = { ...invited, serverCode: 'ss2' };
    const { requestId } = await registration({ server: other });
    await approve();
    expect(await statusOf(requestId)).toBe('waiting');
    const mine = await registration({ authCert: await certificateOf('second') });
    await settleNow();
    expect(await statusOf(mine.requestId)).toBe('approved');
    const client = { ...portal, subsystemCode: 'other' };
    const { requestId: third } = await small.submit({ kind: 'clientReg', server: invited, client });
    expect(await settleNow()).toBe(false);
    expect(await statusOf(third)).toBe('waiting');
  });

  it('happens once, and not after it was declined', async () => {
    await approve();
    await expect(approve()).rejects.toMatchObject({ code: 'decided-before' });
    await expect(decline()).rejects.toMatchObject({ code: 'decided-before' });
  });
});

describe('declining a joining', () => {
  it('declines what waits, with the reason, and lets nothing take effect that comes', async () => {
    const { requestId } = await registration();
    await decline();
    expect(await small.register.read((book) => readEntry(book, requestId))).toMatchObject({
      status: 'declined',
      reason: 'no agreement',
    });
    const { requestId: next } = await registration();
    expect(await settleNow()).toBe(false);
    expect(await statusOf(next)).toBe('waiting');
  });
});

describe('an invited member', () => {
  it('acts for its own server alone: sender not the owner', async () => {
    await approve();
    for (const server of [agencyServer, { ...invited, memberCode: '1' }]) {
      const stolen = small.submit(
        { kind: 'authCertReg', server, address, authCert: fresh },
        { sender: stranger },
      );
      await expect(stolen).rejects.toMatchObject({ code: 'AccessDenied' });
    }
  });
});

describe('the first server of the member that takes management requests', () => {
  const provider: SubsystemId = { ...stranger, kind: 'SUBSYSTEM', subsystemCode: 'management' };
  const name = async (managementServiceProvider: SubsystemId) => {
    await small.register.change(act, async (book) => {
      const member = memberOf(managementServiceProvider);
      if (!(await isRegistered(book, member))) await addMember(book, { id: member, name: 'Operator' });
      await addSubsystem(book, { id: managementServiceProvider });
      await writeSettings(book, { ...(await readSettings(book)), managementServiceProvider });
    });
  };
  const clientsOf = async (id: ServerId) => {
    const servers = await small.register.read(listServers);
    return servers.find((one) => printEncoded(one.id) === printEncoded(id))?.clients.map(printEncoded);
  };
  const url = 'http://127.0.0.1:4002/managementservice/manage';
  const told = async () => {
    const invitation = await read();
    return (await small.register.read((book) => joiningStatus(book, invitation, url))).hosts;
  };

  it('takes them once it is registered, and is told where they go on', async () => {
    await name(provider);
    expect(await told()).toBeUndefined();
    await approve();
    expect([await told(), await clientsOf(invited)]).toEqual([undefined, undefined]);
    await registration();
    expect(await settleNow()).toBe(true);
    expect(await clientsOf(invited)).toEqual([printEncoded(provider)]);
    expect(await told()).toEqual({ provider: printEncoded(provider), url });
    expect(await settleNow()).toBe(false);
  });

  it('takes none that are taken behind another, or of another member, or when it was declined', async () => {
    await registration();
    await approve();
    expect([await clientsOf(invited), await told()]).toEqual([[], undefined]);
    await name({ ...agency, kind: 'SUBSYSTEM', subsystemCode: 'other' });
    expect(await settleNow()).toBe(false);
    expect(await clientsOf(invited)).toEqual([]);
  });

  it('takes none when it was declined', async () => {
    await name(provider);
    await registration();
    await decline();
    expect(await settleNow()).toBe(false);
    expect([await clientsOf(invited), await told()]).toEqual([undefined, undefined]);
  });
});
