import { createRoute, z } from '@hono/zod-openapi';
import { expect, it } from 'vitest';
import { allowAll, createAdminApi } from '../index.ts';
import { checkHostileRequests } from './check-hostile.ts';
import { everybodyIs } from './principals.ts';

/** An API with one operation. @param act what it does with a name */
function asking(act: (name: string) => void) {
  const app = createAdminApi({
    ...{ title: '', version: '1', description: '', authenticate: everybodyIs(), report: () => undefined },
    rateLimit: { burst: 100_000, perSecond: 1 },
  });
  const schema = z.object({ name: z.string(), inner: z.object({ count: z.number().int() }) });
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'post',
      path: '/api/v1/things/{id}',
      request: {
        params: z.object({ id: z.string() }),
        body: { required: true, content: { 'application/json': { schema } } },
      },
      responses: { 204: { description: 'done' } },
    }),
    (context) => {
      act(context.req.valid('json').name);
      return context.body(null, 204);
    },
  );
  return (path: string, init: RequestInit) => Promise.resolve(app.request(path, init));
}

it('requests that nobody means find what would break', async () => {
  const failing = (name: string) => {
    if (name.includes('\0')) throw new TypeError('a terminator in a string');
  };
  const found = { cause: { message: expect.stringMatching(/^POST .*: 500 /) } };
  const check = (act: (name: string) => void) => checkHostileRequests(asking(act), { runs: 1_000 });
  await expect(check(failing)).rejects.toMatchObject(found);
  const encoding = (name: string) => void encodeURIComponent(name);
  await expect(check(encoding)).rejects.toMatchObject(found);
  expect(await check(() => undefined)).toBe(1);
});
