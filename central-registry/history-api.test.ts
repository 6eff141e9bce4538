import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkInclusion, openNote, parseCheckpoint } from '../gateway/transparency/index.ts';
import { AskedRegistry } from './testing/asked-registry.ts';

let registry: AskedRegistry;
beforeAll(async () => {
  registry = await AskedRegistry.found('TEST');
  await registry.ask('PUT', '/member-classes/GOV', { description: 'Government' });
  await registry.ask('POST', '/members', { id: 'TEST:GOV:1', name: 'Ministry' });
}, 60_000);
afterAll(() => registry.close());

/** @returns answer of a change with a reason in its header */
function changeFor(reason: string): Promise<Response> {
  const { adminUrl, apiKey } = registry.running;
  return fetch(`${adminUrl}/api/v1/member-classes/ORG`, {
    method: 'PUT',
    headers: {
      ...{ authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      'x-change-reason': reason,
    },
    body: JSON.stringify({ description: reason }),
  });
}

describe('the history over the API', () => {
  it('tells who changed what, and why', async () => {
    expect((await changeFor(encodeURIComponent('Verordnung über Ämter'))).status).toBeLessThan(300);
    const { json } = await registry.ask('GET', '/history?limit=1');
    expect(json).toMatchObject([
      {
        by: 'api-key',
        why: 'Verordnung über Ämter',
        kind: 'change',
        changes: [{ table: 'memberClass', key: 'ORG', before: null, after: { code: 'ORG' } }],
      },
    ]);
  });

  it('refuses a reason that cannot be read, before anything is changed', async () => {
    expect((await changeFor('%C3')).status).toBe(400);
    expect((await changeFor('x'.repeat(2_001))).status).toBe(400);
    const { json } = await registry.ask('GET', '/history?table=memberClass&key=ORG');
    expect(json).toHaveLength(1);
  });

  it('is searched, and read page by page', async () => {
    const { json: all } = await registry.ask('GET', '/history');
    const seen: number[] = [];
    const { adminUrl, apiKey } = registry.running;
    for (let path: string | undefined = '/api/v1/history?limit=2'; path !== undefined; ) {
      const answer: Response = await fetch(`${adminUrl}${path}`, {
        headers: { authorization: `Bearer ${apiKey}` },
      });
      for (const { index } of (await answer.json()) as { readonly index: number }[]) seen.push(index);
      path = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1];
    }
    expect(seen).toEqual(all.map(({ index }: { readonly index: number }) => index));
    const { json: ofMember } = await registry.ask('GET', '/history?table=member&key=GOV/1');
    expect(ofMember).toHaveLength(1);
    expect((await registry.ask('GET', '/history?by=user:nobody')).json).toEqual([]);
    expect((await registry.ask('GET', '/history?cursor=x')).status).toBeGreaterThanOrEqual(400);
  });

  it('proves an entry to who was shown it', async () => {
    const { json } = await registry.ask('GET', '/history/1');
    const { leaf, proof, checkpoint, verifierKey, text } = json.inclusion;
    const { size, root } = parseCheckpoint(openNote(checkpoint, [verifierKey]).text);
    const hashes = proof.map((hash: string) => Buffer.from(hash, 'base64'));
    expect(checkInclusion({ leaf: Buffer.from(leaf, 'base64'), index: 1, size, proof: hashes, root })).toBe(
      true,
    );
    expect(JSON.parse(text)).toMatchObject({ by: json.by, changes: json.changes });
    expect((await registry.ask('GET', '/history/999')).status).toBe(404);
  });

  it('is checked, and serves its checkpoint and tiles to anybody, and nothing beside them', async () => {
    const { json } = await registry.ask('POST', '/history/check', { checkpoints: [] });
    expect(json).toMatchObject({ isClean: true, findings: [] });
    const { configurationUrl } = registry.running;
    const get = async (path: string) => fetch(`${configurationUrl}${path}`);
    const note = await (await get('/history/checkpoint')).text();
    const { size } = parseCheckpoint(openNote(note, [json.verifierKey]).text);
    const tile = await get(`/history/tile/0/000.p/${size}`);
    expect((await tile.arrayBuffer()).byteLength).toBe(32 * size);
    for (const path of [
      '/history/key.json',
      '/history/../register.sqlite',
      '/history/tile/0/../../key.json',
      '/history/',
    ]) {
      expect((await get(path)).status, path).toBe(404);
    }
  });
});
