import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseEncodedClient } from '../../gateway/identifier/index.ts';
import { CatalogueError } from './error.ts';
import { gatherProvider } from './gather-provider.ts';
import { CatalogueStore } from './index.ts';
import type { OfferedService } from './read-methods.ts';

const [provider, client] = ['DEV:GOV:1:population', 'DEV:MUN:2:portal'];
const openApi = (serviceCode: string): OfferedService => ({ serviceCode, kind: 'OPENAPI', endpoints: [] });

describe('asking one provider', () => {
  let dir: string;
  let store: CatalogueStore;
  let now: Date;
  let asked: string[];
  let troubles: unknown[];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-catalogue-'));
    store = new CatalogueStore(join(dir, 'catalogue.sqlite'));
    store.sync([{ id: provider, memberName: 'M', name: 'N' }], [client], () => 0);
    [now, asked, troubles] = [new Date(1_000_000_000), [], []];
  });
  afterEach(() => {
    store.close();
    rmSync(dir, { recursive: true });
  });

  const refused = () => Promise.reject(new CatalogueError('NetworkError', 'away'));
  const gather = (questions: object) =>
    gatherProvider(
      {
        ...{ store, now: () => now, isEnding: () => false, onTrouble: (error) => troubles.push(error) },
        questions: {
          restMethods: async () => [],
          soapMethods: async () => [],
          ...questions,
          openApi: async (_client: unknown, _provider: unknown, code: string) => {
            asked.push(code);
            now = new Date(now.getTime() + 50_000);
            return code === 'good'
              ? Buffer.from('{"openapi":"3.1.0","info":{"title":"Good","version":"1"},"paths":{}}')
              : refused();
          },
        } as never,
      },
      parseEncodedClient(client),
      parseEncodedClient(provider),
    );
  const listed = () =>
    store
      .services({ client, after: undefined, limit: 100 })
      .map(({ serviceCode, title, descriptionError }) => [serviceCode, title, descriptionError?.code]);

  it('keeps what one protocol told when the other fails, and tells the failure', async () => {
    const soap: OfferedService = { serviceCode: 'soap', kind: 'WSDL', endpoints: [] };
    await gather({
      restMethods: async () => [openApi('good')],
      soapMethods: async () => [soap],
      wsdl: refused,
    });
    const failure = await gather({ restMethods: refused, soapMethods: async () => [], wsdl: refused });
    expect(failure).toMatchObject({ code: 'NetworkError' });
    expect(listed()).toEqual([['good', 'Good', undefined]]);
  });

  it('asks for no description for longer than two minutes; the next time goes on with the others', async () => {
    const offered = ['a', 'b', 'c', 'd', 'good'].map(openApi);
    await gather({ restMethods: async () => offered });
    expect(asked).toEqual(['a', 'b', 'c']);
    await gather({ restMethods: async () => offered });
    expect(asked).toEqual(['a', 'b', 'c', 'd', 'good', 'a']);
    expect(listed().map(([, , code]) => code)).toEqual([...Array(4).fill('NetworkError'), undefined]);
  });

  it('ends when nothing was answered, without asking for descriptions', async () => {
    await gather({ restMethods: async () => [openApi('a')] });
    asked.splice(0);
    expect(await gather({ restMethods: refused, soapMethods: refused })).toMatchObject({
      code: 'NetworkError',
    });
    expect([asked, listed()]).toEqual([[], [['a', '', 'NetworkError']]]);
  });

  it('tells of what nobody foresaw, and goes on', async () => {
    const broken: OfferedService = { serviceCode: 'broken', kind: 'WSDL', endpoints: [] };
    const wsdl = () => Promise.reject(new TypeError('unforeseen'));
    expect(await gather({ soapMethods: async () => [broken], wsdl })).toBeUndefined();
    expect(troubles).toHaveLength(1);
    expect(listed()).toEqual([['broken', '', 'internal-error']]);
  });
});
