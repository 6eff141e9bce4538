import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AskedRegistry } from './testing/asked-registry.ts';

const id = encodeURIComponent;

describe('lists of a register that is too large to be read whole', () => {
  let registry: AskedRegistry;
  const ask: AskedRegistry['ask'] = (...rest) => registry.ask(...rest);
  const subsystems = (of: string) => ['a', 'b', 'c'].map((code) => `${of}:${code}`);
  /** Codes that a text of all parts would put in another order than their parts. */
  const members = ['TEST:GOV:1', 'TEST:GOV:1-2', 'TEST:GOV:10', 'TEST:GOV:1a%3F'];

  beforeAll(async () => {
    registry = await AskedRegistry.found('TEST');
    await ask('PUT', '/member-classes/GOV', { description: 'x' });
    for (const member of members) {
      expect((await ask('POST', '/members', { id: member, name: `Name of ${member}` })).status).toBe(201);
      for (const subsystem of subsystems(member)) await ask('POST', '/subsystems', { id: subsystem });
    }
    await ask('POST', '/servers', { id: 'TEST:GOV:1:ss1', address: 'one.example' });
    await ask('POST', '/servers', { id: 'TEST:GOV:10:ss1', address: 'ten.example' });
    await ask('POST', '/servers/TEST%3AGOV%3A1%3Ass1/clients', { id: 'TEST:GOV:10:b' });
    await ask('POST', '/servers/TEST%3AGOV%3A1%3Ass1/clients', { id: 'TEST:GOV:10' });
  });
  afterAll(() => registry.close());

  /** All pages of a list, each of which must be as long as it was asked to be, but for the last. */
  async function pages(path: string): Promise<string[][]> {
    const { adminUrl, apiKey } = registry.running;
    const found: string[][] = [];
    for (let next: string | undefined = `/api/v1${path}`; next !== undefined; ) {
      const response: Response = await fetch(`${adminUrl}${next}`, {
        headers: { authorization: `Bearer ${apiKey}` },
      });
      expect(response.status).toBe(200);
      found.push(((await response.json()) as { id: string }[]).map((one) => one.id));
      next = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
    }
    return found;
  }

  it.each([1, 2, 3, 5, 12, 100])('hold everything once, in one order, %i at a time', async (limit) => {
    const all = members.flatMap(subsystems);
    const found = await pages(`/subsystems?limit=${limit}`);
    expect(found.flat()).toEqual(all);
    expect(found.slice(0, -1).every((page) => page.length === limit)).toBe(true);
    expect((await pages(`/members?limit=${limit}`)).flat()).toEqual(members);
    expect((await pages(`/servers?limit=${limit}`)).flat()).toEqual(['TEST:GOV:1:ss1', 'TEST:GOV:10:ss1']);
  });

  it('hold what was searched for, page by page, and no empty page behind it', async () => {
    expect(await pages('/members?q=NAME%20OF%20TEST:GOV:1&limit=2')).toEqual([
      members.slice(0, 2),
      members.slice(2),
    ]);
    expect(await pages('/servers?q=ten.example')).toEqual([['TEST:GOV:10:ss1']]);
    expect(await pages('/members?q=nothing')).toEqual([[]]);
  });

  it("hold one member's subsystems, and nobody's of a member whose code begins alike", async () => {
    for (const member of members) {
      expect((await pages(`/subsystems?member=${id(member)}&limit=2`)).flat()).toEqual(subsystems(member));
    }
    expect(await pages('/subsystems?member=OTHER:GOV:1')).toEqual([[]]);
    expect((await ask('GET', '/subsystems?member=TEST:GOV:1:a')).status).toBe(422);
  });

  it('go on behind nothing that is no place in them', async () => {
    const cursor = (text: string) => Buffer.from(text).toString('base64url');
    for (const path of [
      `/members?cursor=${cursor('TEST:GOV')}`,
      `/members?cursor=${cursor('TEST:GOV:1:a')}`,
      `/subsystems?cursor=${cursor('TEST:GOV:1')}`,
      `/servers?cursor=${cursor('%zz')}`,
      '/subsystems?cursor=!',
    ]) {
      expect([path, await ask('GET', path)]).toMatchObject([
        path,
        { status: 422, json: { code: 'cursor-unreadable' } },
      ]);
    }
  });

  it('show servers with the clients of each', async () => {
    const { json } = await ask('GET', '/servers');
    expect(json).toMatchObject([{ clients: ['TEST:GOV:10', 'TEST:GOV:10:b'] }, { clients: [] }]);
    expect((await ask('GET', '/servers/TEST%3AGOV%3A1%3Ass1')).json).toEqual(json[0]);
  });

  it('are counted without being read', async () => {
    expect((await ask('GET', '/counts')).json).toEqual({
      ...{ memberClasses: 1, members: 4, subsystems: 12, servers: 2, waitingRequests: 0 },
    });
  });

  it('a member class is changed from the version that was read, or not at all', async () => {
    const { adminUrl, apiKey } = registry.running;
    const url = `${adminUrl}/api/v1/member-classes/GOV`;
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const read = await fetch(url, { headers });
    expect(await read.json()).toEqual({ code: 'GOV', description: 'x' });
    const put = async (description: string) => {
      const body = JSON.stringify({ description });
      const ifMatch = read.headers.get('etag') ?? '';
      return (await fetch(url, { method: 'PUT', headers: { ...headers, 'if-match': ifMatch }, body })).status;
    };
    expect([await put('left'), await put('right')]).toEqual([204, 412]);
    expect((await ask('GET', '/member-classes/none')).status).toBe(404);
  });

  it('an entry of the history is listed with its first changes, and has all of them page by page', async () => {
    const group = (code: string) => ask('PUT', `/global-groups/${code}`, { description: 'x' });
    await group('many');
    const everybody = [...members, ...members.flatMap(subsystems)];
    for (const member of everybody) await ask('POST', '/global-groups/many/members', { id: member });
    await ask('DELETE', '/global-groups/many');
    const [entry] = (await ask('GET', '/history?limit=1')).json;
    expect(entry.changeCount).toBe(everybody.length + 1);
    const whole = (await ask('GET', `/history/${entry.index}`)).json;
    expect(whole.changes).toHaveLength(everybody.length + 1);
    expect(whole.changes.slice(0, entry.changes.length)).toEqual(entry.changes);
    const paged = [];
    for (const cursor of [0, 6, 12]) {
      const path = `/history/${entry.index}/changes?limit=6&cursor=${cursor}`;
      paged.push(...(await ask('GET', path)).json);
    }
    expect(paged).toEqual(whole.changes);
    // What was searched for is among those that are shown.
    const key = 'many/GOV/10/c';
    const [found] = (await ask('GET', `/history?table=groupMember&key=${key}&limit=1`)).json;
    expect(found).toMatchObject({ index: entry.index, changes: [{ key }] });
    expect((await ask('GET', '/history/99999/changes')).status).toBe(404);
  });
});
