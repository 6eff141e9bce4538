import { describe, expect, it } from 'vitest';
import { outlineAside } from './index.ts';
import { outlineOpenApi } from './outline.ts';

const info = { title: 'T', version: '1' };
const outline = (document: object | string) =>
  outlineOpenApi(Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)));
const withOperation = (operation: object, more: object = {}) =>
  outline({ openapi: '3.1.0', info, paths: { '/a': { post: operation } }, ...more }).operations[0];

describe('what a description tells callers', () => {
  it('is its title, whom to ask, and each operation with parameters, body and answers', () => {
    const contact = {
      name: 'Register office',
      email: 'register@gov.example',
      url: 'https://gov.example/register',
    };
    const found = outline({
      ...{ openapi: '3.0.3', info: { ...info, description: 'Persons\r\nof the land', contact } },
      paths: {
        '/persons/{code}': {
          parameters: [{ $ref: '#/components/parameters/Code' }],
          put: {
            ...{ summary: 'Changes a person', deprecated: true },
            parameters: [{ name: 'why', in: 'query', required: true, schema: { default: 'moved' } }],
            requestBody: {
              required: true,
              content: {
                'text/plain': {},
                'application/json': { schema: { $ref: '#/components/schemas/Person' } },
              },
            },
            responses: {
              200: { description: 'changed' },
              404: { $ref: '#/components/responses/None' },
              x: {},
            },
          },
        },
      },
      components: {
        parameters: { Code: { name: 'code', in: 'path', required: true, example: 'P-1' } },
        responses: { None: { description: 'nobody' } },
        schemas: {
          Person: {
            type: 'object',
            properties: {
              name: { type: 'string' },
              age: { type: ['integer', 'null'] },
              tags: { type: 'array', items: { enum: ['a'] } },
            },
          },
        },
      },
    });
    expect(found).toEqual({
      ...{ title: 'T', version: '1', description: 'Persons\nof the land', contact, omitted: 0 },
      operations: [
        {
          ...{ method: 'PUT', path: '/persons/{code}', summary: 'Changes a person', isDeprecated: true },
          parameters: [
            { name: 'why', in: 'query', isRequired: true, example: 'moved' },
            { name: 'code', in: 'path', isRequired: true, example: 'P-1' },
          ],
          body: {
            ...{ contentType: 'application/json', isRequired: true },
            example: JSON.stringify({ name: 'text', age: 0, tags: ['a'] }, undefined, 2),
          },
          answers: [
            { status: '200', description: 'changed' },
            { status: '404', description: 'nobody' },
          ],
        },
      ],
    });
  });

  it('is read in a thread of its own', async () => {
    const bytes = Buffer.from(JSON.stringify({ openapi: '3.1.0', info, paths: { '/a': { get: {} } } }));
    expect((await outlineAside(bytes, 20_000)).operations).toHaveLength(1);
    await expect(outlineAside(Buffer.from('{'), 20_000)).rejects.toMatchObject({ code: 'malformed' });
  });
});

describe('a hostile description', () => {
  it('takes no more room than one outline may, and says what is left out', () => {
    const long = 'x'.repeat(10_000);
    const post = { summary: long, description: long, responses: { 200: { description: long } } };
    const paths = Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`/${at}`, { post }]));
    const found = outline({ openapi: '3.1.0', info: { title: 'T', version: '1' }, paths: { ...paths } });
    expect(Buffer.byteLength(JSON.stringify(found))).toBeLessThan(300 * 1024);
    expect(found.operations.length + found.omitted).toBe(3_000);
    expect(found.operations.length).toBeGreaterThan(10);
  });

  it('has no characters that make a text other than it looks', () => {
    const found = outline({
      openapi: '3.1.0',
      info: { title: 'a\u202eb\u0000c\u001b[31md\ud800', version: '1\n2' },
      paths: {},
    });
    expect(found).toMatchObject({ title: 'abc[31md\ufffd', version: '1 2' });
  });

  it.each([
    [{ url: 'javascript:alert(1)' }, undefined],
    [{ url: 'data:text/html,x', email: 'a b@c', name: ' ' }, undefined],
    ['text', undefined],
    [
      { name: 'N', email: 'a@b' },
      { name: 'N', email: 'a@b' },
    ],
  ])('names %j to ask as %j', (contact, expected) => {
    expect(outline({ openapi: '3.1.0', info: { ...info, contact }, paths: {} }).contact).toEqual(expected);
  });

  it.each(['text/html\r\nx: y', 'a', 'a/b; c=d', ''])('has no body of type %j', (type) => {
    expect(withOperation({ requestBody: { content: { [type]: { example: 'x' } } } })?.body).toBeUndefined();
  });

  it('refers to nothing outside of itself, and to no part of what every object has', () => {
    for (const $ref of [
      'https://elsewhere.example/x',
      'file:///etc/passwd',
      '#/components/schemas/constructor',
    ]) {
      const content = { 'application/json': { schema: { $ref } } };
      const found = withOperation({ requestBody: { content } }, { components: { schemas: {} } });
      expect(found?.body).toEqual({ contentType: 'application/json', isRequired: false });
    }
  });

  it('makes no endless example of a schema that holds itself many times', () => {
    const again = { $ref: '#/components/schemas/Again' };
    const properties = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`p${at}`, again]));
    const schemas = { Again: { type: 'object', properties } };
    const requestBody = { content: { 'application/json': { schema: again } } };
    const found = withOperation({ requestBody }, { components: { schemas } });
    expect(found?.body?.example?.length).toBeLessThan(5_000);
  });

  it('may name what every object has, and changes nothing by it', () => {
    const schema = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"string"},"a":{"type":"string"}}}',
    );
    const both = { allOf: [schema, { type: 'object', properties: { b: { type: 'string' } } }] };
    const found = withOperation({ requestBody: { content: { 'application/json': { schema: both } } } });
    expect(JSON.parse(found?.body?.example ?? '')).toMatchObject({ a: 'text', b: 'text' });
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  });

  it('in YAML may hold itself as an example, which is left out', () => {
    const yaml =
      "openapi: '3.1.0'\ninfo: {title: T, version: '1'}\npaths:\n  /a:\n    post:\n      requestBody: {content: {application/json: {example: &x {y: *x}}}}\n";
    expect(outline(yaml).operations[0]?.body).toEqual({ contentType: 'application/json', isRequired: false });
  });

  it.each([
    ['{', 'malformed'],
    ['{"swagger":"2.0"}', 'unsupported-version'],
    ['[]', 'not-openapi'],
  ])('%j is refused as %s', (text, code) => {
    expect(() => outline(text)).toThrow(expect.objectContaining({ code }));
  });

  it('with operations and paths of any other form shows the rest', () => {
    const paths = {
      '/a': null,
      b: {},
      '/c': { get: 1, post: { parameters: [1, { name: 1 }], responses: [] } },
      '/d\u0000': { get: {} },
    };
    const found = outline({ openapi: '3.1.0', info: 1, paths });
    expect(found.operations.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /c']);
  });
});
