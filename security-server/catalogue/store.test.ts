import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CatalogueStore } from './index.ts';
import type { OfferedService } from './read-methods.ts';

const provider = 'DEV:GOV:1:population';
const [asker, other] = ['DEV:MUN:2:portal', 'DEV:MUN:2:permits'];
const endpoints = [
  { method: 'GET', path: '/a' },
  { method: 'PUT', path: '/a' },
];
const service = (serviceCode: string, more: Partial<OfferedService> = {}): OfferedService => ({
  ...{ serviceCode, kind: 'OPENAPI', endpoints },
  ...more,
});
const outline = { title: 'Einwohnerverzeichnis ÄÖ', version: '1', operations: [], omitted: 0 };

describe('the catalogue on disk', () => {
  let dir: string;
  let store: CatalogueStore;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-catalogue-'));
    store = new CatalogueStore(join(dir, 'catalogue.sqlite'));
    store.sync([{ id: provider, memberName: 'Ministry', name: 'Population' }], [asker, other], () => 0);
  });
  afterEach(() => {
    store.close();
    rmSync(dir, { recursive: true });
  });

  const put = (
    offered: readonly OfferedService[],
    allowed: readonly OfferedService[] = [],
    client = asker,
  ) => {
    store.putOffered({ provider, client }, ['REST', 'OPENAPI'], offered, allowed);
    store.putAttempt({ provider, client, at: new Date(1), error: undefined, nextAt: new Date(2) });
  };
  const listed = (question: object = {}) =>
    store.services({ client: asker, after: undefined, limit: 100, ...question });

  it('tells for each client whether it may call: all, some, none, or nobody asked', () => {
    put(
      [service('all'), service('some'), service('none')],
      [service('all'), service('some', { endpoints: endpoints.slice(1) })],
    );
    const asked = (client: string) =>
      listed({ client }).map(({ serviceCode, mayCall }) => [serviceCode, mayCall]);
    expect(asked(asker)).toEqual([
      ['all', 'yes'],
      ['none', 'no'],
      ['some', 'some'],
    ]);
    expect(asked(other).map(([, mayCall]) => mayCall)).toEqual(['unknown', 'unknown', 'unknown']);
    expect(store.allowedEndpoints(`${provider}:some`, asker)).toEqual(endpoints.slice(1));
    put([service('all')], [], other);
    expect(asked(other)).toEqual([['all', 'no']]);
    expect(asked(asker)).toEqual([['all', 'yes']]);
  });

  it('finds words of names, titles and identifiers in whatever case', () => {
    put([service('register'), service('other')]);
    store.putDescription(provider, service('register'), new Date(3), {
      description: { kind: 'OPENAPI', outline },
    });
    const found = (q: string) => listed({ q }).map(({ serviceCode }) => serviceCode);
    expect(found('ministry POPULATION')).toEqual(['other', 'register']);
    expect(found('äö')).toEqual(['register']);
    expect(found('register ministry')).toEqual(['register']);
    expect(found('%')).toEqual([]);
    expect(listed({ provider: 'DEV:GOV:1:none' })).toEqual([]);
  });

  it('keeps a description while its service is offered, and when a later one cannot be had', () => {
    put([service('a')]);
    const description = { kind: 'OPENAPI', outline } as const;
    store.putDescription(provider, service('a'), new Date(3), { description });
    put([service('a'), service('b')]);
    store.putDescription(provider, service('a'), new Date(9), { error: { code: 'x', text: 'y' } });
    expect(store.descriptionOf(`${provider}:a`)).toEqual(description);
    expect(listed()[0]).toMatchObject({
      title: outline.title,
      descriptionError: { code: 'x' },
      describedAt: 9,
    });
    expect(store.undescribed(provider, new Date(9), 10).map(({ serviceCode }) => serviceCode)).toEqual([
      'b',
      'a',
    ]);
    put([]);
    expect(listed()).toEqual([]);
  });

  it('keeps what was told before when a provider no longer answers', () => {
    put([service('a')], [service('a')]);
    const error = { code: 'NetworkError', text: 'away' };
    store.putAttempt({ provider, client: asker, at: new Date(5), error, nextAt: new Date(6) });
    expect(listed()[0]).toMatchObject({
      mayCall: 'yes',
      provider: { gatheredAt: 1, triedAt: 5, error, failures: 1 },
    });
  });

  it('goes on behind any service, and keeps apart what each protocol told', () => {
    put([service('a'), service('b')]);
    store.putOffered(
      { provider, client: asker },
      ['WSDL'],
      [service('c', { kind: 'WSDL', endpoints: [], serviceVersion: 'v1' })],
      [],
    );
    expect(listed({ limit: 1, after: `${provider}:a` })[0]?.id).toBe(`${provider}:b`);
    put([service('a')]);
    expect(listed().map(({ id }) => id)).toEqual([`${provider}:a`, `${provider}:c:v1`]);
  });

  it('forgets providers and clients that are gone, with all that was told of them', () => {
    put([service('a')], [service('a')]);
    store.sync([{ id: provider, memberName: 'Ministry', name: 'Population' }], [other], () => 0);
    expect(listed()[0]?.mayCall).toBe('unknown');
    store.sync([], [other], () => 0);
    put([service('a')]);
    expect(listed()).toEqual([]);
  });
});
