import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import type { OpenApiError } from './index.ts';
import { readOpenApi } from './read.ts';

const roadPath = '/r1/DEV/GOV/1/population/api';
const info = { title: 'Population', version: '7' };
const read = (text: string | object) =>
  readOpenApi(Buffer.from(typeof text === 'string' ? text : JSON.stringify(text)), roadPath);
const refusal = (text: string | object) => {
  try {
    read(text);
  } catch (error) {
    const { code, message } = error as OpenApiError;
    return [code, message] as const;
  }
  throw new Error('It was taken');
};
const withPaths = (paths: object, more: object = {}) => ({ openapi: '3.1.0', info, paths, ...more });
const items = { '/items': { get: {} } };

describe('an OpenAPI description', () => {
  it('names endpoints, a parameter standing for one segment', () => {
    const paths = {
      '/persons': { get: {}, parameters: [], summary: 'x', 'x-mine': {} },
      '/persons/{code}': { get: {}, delete: {} },
      // Named otherwise, the same path.
      '/persons/{number}': { get: {}, put: {} },
      '/files/{name}.{ending}': { put: {} },
      '/odd/{a}{b}/*': { post: {} },
      'x-ours': 7,
    };
    expect(read(withPaths(paths))).toMatchObject({
      ...{ openapi: '3.1.0', title: 'Population', version: '7', servers: [], isYaml: false },
      endpoints: [
        { method: 'GET', path: '/persons' },
        { method: 'GET', path: '/persons/*' },
        { method: 'DELETE', path: '/persons/*' },
        { method: 'PUT', path: '/persons/*' },
        { method: 'PUT', path: '/files/*.*' },
        { method: 'POST', path: '/odd/*/\\*' },
      ],
    });
  });

  it('may be YAML, also where it leaves quotes away, and with a byte-order mark', () => {
    const yaml = '\ufeffopenapi: 3.0.3\ninfo: {title: T, version: 1.5}\npaths:\n  /x:\n    get: {}\n';
    expect(read(yaml)).toMatchObject({
      ...{ isYaml: true, version: '1.5', endpoints: [{ method: 'GET', path: '/x' }] },
    });
    expect(read(yaml.replace('3.0.3', '3.1')).openapi).toBe('3.1');
    // A number, which has lost its last digit.
    expect(refusal(yaml.replace('3.0.3', '3.0'))[0]).toBe('unsupported-version');
  });

  it('may keep path items among its components', () => {
    const components = { pathItems: { 'a/b': { get: {}, servers: [{ url: 'http://10.0.0.1/' }] } } };
    const found = read(withPaths({ '/x': { $ref: '#/components/pathItems/a~1b', put: {} } }, { components }));
    expect(found.endpoints.map(({ method }) => method).sort()).toEqual(['GET', 'PUT']);
    expect(found.published).not.toContain('10.0.0.1');
  });

  it('says where the service is, with variables at their defaults', () => {
    const variables = { port: { default: '8443' } };
    const servers = [{ url: 'https://h:{port}/{base}', variables }, { url: '/v1' }];
    expect(read(withPaths(items, { servers })).servers).toEqual(['https://h:8443/{base}', '/v1']);
  });

  it('names no more servers than are looked at, and none longer than an address is, also by its defaults', () => {
    const many = Array.from({ length: 100_000 }, (_, at) => ({ url: `https://h${at}/` }));
    expect(read(withPaths(items, { servers: many })).servers).toEqual(
      many.slice(0, 20).map(({ url }) => url),
    );
    const variables = { a: { default: 'x'.repeat(1_500) }, b: { default: 'y'.repeat(1_000_000) } };
    const urls = ['{a}', '{a}{a}', '{b}'.repeat(600), `/${'z'.repeat(2_000)}`, '/v1'];
    const servers = urls.map((url) => ({ url, variables }));
    expect(read(withPaths(items, { servers })).servers).toEqual(['x'.repeat(1_500), '/v1']);
  });

  it('is published without the servers of links, callbacks and webhooks, wherever they stand', () => {
    const servers = [{ url: 'http://10.0.0.1/' }];
    const links = { next: { operationId: 'a', server: servers[0] } };
    const responses = { 200: { description: 'ok', links } };
    const called = { '{$request.body#/url}': { servers, post: { servers, responses } } };
    const get = { responses, callbacks: { done: called } };
    const more = {
      webhooks: { changed: { servers, post: { servers, responses } } },
      components: { links, responses, callbacks: { done: called }, schemas: { servers: { type: 'string' } } },
    };
    const document = withPaths({ '/x': { get } }, more);
    const { published } = read(document);
    expect(published).not.toContain('10.0.0.1');
    const bare = JSON.parse(JSON.stringify(document), (name, value) =>
      name === 'server' || (name === 'servers' && Array.isArray(value)) ? undefined : value,
    );
    expect(JSON.parse(published)).toEqual({ ...bare, servers: [{ url: roadPath }] });
  });

  it('may hold itself in YAML, and is published all the same', () => {
    const yaml = [
      "openapi: '3.1.0'",
      'info: {title: T, version: "1"}',
      'paths:',
      '  /x: &x',
      "    servers: [{url: 'http://10.0.0.1/'}]",
      '    post: {callbacks: {again: {/y: *x}}}',
    ].join('\n');
    const { published } = read(yaml);
    expect(published).not.toContain('10.0.0.1');
    expect(Object.keys(parseYaml(published).paths['/x'].post.callbacks.again)).toEqual(['/y']);
  });

  it.each([
    [
      'JSON',
      `{"openapi":"3.0.0","info":{"title":"T","version":"1"},"paths":{"/x":{"get":{}}},"x-n":[1e20`,
      ',1e20',
      1_000_000,
      ']}',
    ],
    [
      'YAML',
      `openapi: '3.0.0'\ninfo: {title: T, version: '1'}\npaths: {/x: {get: {}}}\nx-n: ${'['.repeat(190)}1`,
      ',1',
      100_000,
      ']'.repeat(190),
    ],
  ])(
    'is refused in %s when callers would be given far more than was read',
    (_language, begin, more, times, end) => {
      expect(refusal(`${begin}${more.repeat(times)}${end}`)[0]).toBe('too-large');
    },
  );

  it('is published with the road as its only server, in the language it came in', () => {
    const servers = [{ url: 'http://10.0.0.1/secret' }];
    const paths = { '/items': { servers, get: { servers, responses: {} }, parameters: [] } };
    const shown = {
      ...{ openapi: '3.1.0', info, servers: [{ url: roadPath }] },
      paths: { '/items': { get: { responses: {} }, parameters: [] } },
    };
    expect(JSON.parse(read(withPaths(paths, { servers })).published)).toEqual(shown);
    const yaml = `openapi: '3.1.0'\ninfo: {title: T, version: '1'}\nservers: [{url: 'http://10.0.0.1/'}]\npaths: {/x: {get: {}}}\n`;
    expect(parseYaml(read(yaml).published)).toMatchObject({ servers: [{ url: roadPath }] });
    expect(read(yaml).published).not.toContain('10.0.0.1');
  });

  it.each<[string, string | object, string, string]>([
    ['not JSON', '{', 'malformed', 'JSON'],
    ['not YAML', 'a: [', 'malformed', 'line 1'],
    ['of names given twice', "openapi: '3.0.0'\npaths: {}\npaths: {}\n", 'malformed', 'line 3'],
    [
      'a bomb of aliases',
      `a: &a [x]\nb: &b [${'*a,'.repeat(200)}]\nopenapi: '3.0.0'\n`,
      'malformed',
      'alias',
    ],
    ['deep', `{"a":${'['.repeat(300)}${']'.repeat(300)}}`, 'malformed', 'levels'],
    ['very deep in YAML', `a: ${'['.repeat(100_000)}`, 'malformed', ''],
    ['a list', '- a\n', 'not-openapi', ''],
    ['nothing', '', 'not-openapi', ''],
    ['something else', '{"a":1}', 'not-openapi', 'openapi'],
    ['Swagger 2', '{"swagger":"2.0"}', 'unsupported-version', 'Swagger 2.0'],
    ['of another version', '{"openapi":"3.2.0"}', 'unsupported-version', '3.2.0'],
    ['without a title', { openapi: '3.0.0', info: { version: '1' }, paths: items }, 'invalid', '/info/title'],
    ['without paths', { openapi: '3.0.0', info }, 'invalid', '/paths'],
    ['without operations', { openapi: '3.1.0', info, webhooks: {} }, 'invalid', '/paths'],
    ['with a path without slash', withPaths({ items: { get: {} } }), 'invalid', '/paths/items'],
    ['with an open brace', withPaths({ '/a/{b': { get: {} } }), 'invalid', '/paths/~1a~1{b'],
    ['with an operation that is none', withPaths({ '/a': { get: true } }), 'invalid', '/paths/~1a/get'],
    [
      'with a path elsewhere',
      withPaths({ '/a': { $ref: 'https://h/x.json' } }),
      'invalid',
      '/paths/~1a/$ref',
    ],
    [
      'with a path that is nowhere',
      withPaths({ '/a': { $ref: '#/components/pathItems/constructor' } }, { components: { pathItems: {} } }),
      'invalid',
      '/paths/~1a/$ref',
    ],
    ['with a server without address', withPaths(items, { servers: [{}] }), 'invalid', '/servers/0/url'],
  ])('is refused when it is %s', (_what, text, code, named) => {
    const [found, message] = refusal(text);
    expect(found).toBe(code);
    expect(message).toContain(named);
  });

  it('is refused when it is not UTF-8', () => {
    const latin = Buffer.from('{"openapi":"3.0.0","info":{"title":"\u00e9"}}', 'latin1');
    expect(() => readOpenApi(latin, roadPath)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  it('is refused with more operations than a service has', () => {
    const paths = Object.fromEntries(Array.from({ length: 5_001 }, (_, at) => [`/${at}`, { get: {} }]));
    expect(refusal(withPaths(paths))[0]).toBe('invalid');
  });
});
