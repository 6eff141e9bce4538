import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { listen } from '../../gateway/http/index.ts';
import { DescriptionError, endpointsOf, fetchDescription } from './index.ts';

describe('an OpenAPI description', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  const fetched = async (text: string, status = 200) => {
    server = createServer((_incoming, outgoing) => outgoing.writeHead(status).end(text));
    const { port } = await listen(server, '127.0.0.1', 0, 'none');
    return fetchDescription(`http://127.0.0.1:${port}/openapi`);
  };

  it('names endpoints, a parameter standing for one segment', async () => {
    const paths = {
      '/persons': { get: {}, parameters: [] },
      '/persons/{code}': { get: {}, delete: {} },
      '/files/{name}.{ending}': { put: {} },
      '/odd/{a}{b}/*': { post: {} },
      'no-slash': { get: {} },
    };
    expect(endpointsOf(await fetched(JSON.stringify({ openapi: '3.1.0', paths })))).toEqual([
      { method: 'GET', path: '/persons' },
      { method: 'GET', path: '/persons/*' },
      { method: 'DELETE', path: '/persons/*' },
      { method: 'PUT', path: '/files/*.*' },
      { method: 'POST', path: '/odd/*/\\*' },
    ]);
  });

  it('may be YAML', async () => {
    const description = await fetched("openapi: '3.0.3'\npaths:\n  /x:\n    get: {}\n");
    expect(description.isYaml).toBe(true);
    expect(endpointsOf(description)).toEqual([{ method: 'GET', path: '/x' }]);
  });

  it.each([
    ['not JSON', '{', 200],
    ['not OpenAPI', '{"swagger":"2.0"}', 200],
    ['of another version', '{"openapi":"4.0.0"}', 200],
    ['an alias bomb', `a: &a [x]\nb: &b [${'*a,'.repeat(200)}]\nopenapi: '3.0.0'\n`, 200],
    ['not there', '', 404],
  ])('is refused when it is %s', async (_what, text, status) => {
    await expect(fetched(text, status)).rejects.toThrow(DescriptionError);
  });
});
