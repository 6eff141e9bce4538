import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MemberId, ServerId, SubsystemId } from '../../gateway/identifier/index.ts';
import { openStore } from '../../gateway/store/index.ts';
import {
  addGroupMember,
  addMember,
  addServer,
  addServerClient,
  addSubsystem,
  changeServerOwner,
  clientState,
  putGroup,
  putMemberClass,
  Register,
  removeGroup,
  removeGroupMember,
  removeServer,
  setClientEnabled,
} from './index.ts';
import { registerSteps } from './schema.ts';

const ministry: MemberId = { kind: 'MEMBER', instance: 'TEST', memberClass: 'GOV', memberCode: '1' };
const agency: MemberId = { ...ministry, memberCode: '2' };
const population: SubsystemId = { ...ministry, kind: 'SUBSYSTEM', subsystemCode: 'population' };
const server: ServerId = { ...ministry, kind: 'SERVER', serverCode: 'ss1' };
const group = 'security-server-owners';

describe('the clients and the owner of a server', () => {
  let dir: string;
  let register: Register;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-register-'));
    await Register.create(join(dir, 'register.sqlite'), 'TEST', 'registry.example');
    register = await Register.open(join(dir, 'register.sqlite'));
    await register.change({ by: 'system' }, async (book) => {
      await putMemberClass(book, { code: 'GOV', description: 'Government' });
      await addMember(book, { id: ministry, name: 'Ministry' });
      await addMember(book, { id: agency, name: 'Agency' });
      await addSubsystem(book, { id: population });
    });
  });
  afterEach(() => {
    register.close();
    rmSync(dir, { recursive: true });
  });
  const owners = async () => (await register.readAll()).groups.find(({ code }) => code === group)?.members;

  it('has a group of owners from the first server on, which follows them', async () => {
    expect(await owners()).toBeUndefined();
    await register.change({ by: 'system' }, (book) =>
      addServer(book, { id: server, address: 'ss1.example' }),
    );
    expect(await owners()).toEqual([ministry]);
    await register.change({ by: 'system' }, (book) =>
      addServer(book, { id: { ...server, serverCode: 'ss2' }, address: 'b' }),
    );
    await register.change({ by: 'system' }, (book) => removeServer(book, server));
    expect(await owners()).toEqual([ministry]);
    await register.change({ by: 'system' }, (book) => removeServer(book, { ...server, serverCode: 'ss2' }));
    expect(await owners()).toEqual([]);
  });

  it('gets the group when a register of an earlier release is opened', async () => {
    const path = join(dir, 'earlier.sqlite');
    const { database, close } = openStore(path, registerSteps.slice(0, 1));
    database.exec(`INSERT INTO setting VALUES ('instance', 'TEST'); INSERT INTO memberClass VALUES ('GOV', 'x');
      INSERT INTO member VALUES ('GOV', '1', 'Ministry'), ('GOV', '2', 'Agency');
      INSERT INTO server VALUES ('GOV', '1', 'ss1', 'a', 0, NULL), ('GOV', '1', 'ss2', 'b', 0, NULL);
      INSERT INTO serverClient VALUES ('GOV', '1', 'ss1', 'GOV', '2', NULL);
      INSERT INTO globalGroup VALUES ('${group}', 'by hand'); INSERT INTO groupMember VALUES ('${group}', 'GOV', '2', NULL)`);
    close();
    const earlier = await Register.open(path);
    const { groups, servers } = await earlier.readAll();
    earlier.close();
    expect(groups).toMatchObject([{ code: group, members: [ministry] }]);
    expect(servers[0]).toMatchObject({ clients: [agency], disabledClients: [] });
  });

  it('lets nobody edit that group', async () => {
    await register.change({ by: 'system' }, (book) =>
      addServer(book, { id: server, address: 'ss1.example' }),
    );
    for (const edit of [
      register.change({ by: 'system' }, (book) => putGroup(book, { code: group, description: 'x' })),
      register.change({ by: 'system' }, (book) => removeGroup(book, group)),
      register.change({ by: 'system' }, (book) => addGroupMember(book, group, agency)),
      register.change({ by: 'system' }, (book) => removeGroupMember(book, group, ministry)),
    ]) {
      await expect(edit).rejects.toMatchObject({ code: 'invalid' });
    }
    expect(await owners()).toEqual([ministry]);
  });

  it('keeps a disabled client registered, apart from those in use', async () => {
    await register.change({ by: 'system' }, async (book) => {
      await addServer(book, { id: server, address: 'ss1.example' });
      await addServerClient(book, server, population);
      await setClientEnabled(book, server, population, false);
    });
    expect((await register.readAll()).servers[0]).toMatchObject({
      clients: [],
      disabledClients: [population],
    });
    await register.change({ by: 'system' }, (book) => setClientEnabled(book, server, population, true));
    expect((await register.readAll()).servers[0]).toMatchObject({
      clients: [population],
      disabledClients: [],
    });
    const owner = register.change({ by: 'system' }, (book) =>
      setClientEnabled(book, server, ministry, false),
    );
    await expect(owner).rejects.toMatchObject({ code: 'not-found' });
  });

  it('goes to a new owner with everything, and the former one becomes a client', async () => {
    await register.change({ by: 'system' }, async (book) => {
      await addServer(book, { id: server, address: 'ss1.example' });
      await addServerClient(book, server, population);
      await addServerClient(book, server, agency);
    });
    const renamed = await register.change({ by: 'system' }, (book) =>
      changeServerOwner(book, server, agency),
    );
    expect(renamed).toEqual({ ...server, memberCode: '2' });
    const [only, ...more] = (await register.readAll()).servers;
    expect(more).toEqual([]);
    expect(only).toMatchObject({ id: renamed, address: 'ss1.example', clients: [ministry, population] });
    expect(await owners()).toEqual([agency]);
    expect(await register.read((book) => clientState(book, renamed, agency))).toBe('owner');
  });

  it('goes to nobody who is no client, or has a server of that code', async () => {
    await register.change({ by: 'system' }, (book) =>
      addServer(book, { id: server, address: 'ss1.example' }),
    );
    const give = () => register.change({ by: 'system' }, (book) => changeServerOwner(book, server, agency));
    await expect(give()).rejects.toMatchObject({ code: 'invalid' });
    await register.change({ by: 'system' }, async (book) => {
      await addServerClient(book, server, agency);
      await addServer(book, { id: { ...server, memberCode: '2' }, address: 'other.example' });
    });
    await expect(give()).rejects.toMatchObject({ code: 'exists' });
  });
});
