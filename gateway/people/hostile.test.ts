import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAdminApi } from '../http/index.ts';
import { everybodyIs } from '../http/testing/principals.ts';
import { checkRoleMatrix } from '../http/testing/role-matrix.ts';
import { addPeopleRoutes } from './routes.ts';
import { openTestPeople, type TestPeople } from './testing/people.ts';

let test: TestPeople;
let reported: unknown[];
beforeEach(async () => {
  test = await openTestPeople();
  reported = [];
  await test.add('anna', 'system-administrator');
});
afterEach(() => test.close());

const apiFor = (authenticate: ReturnType<typeof everybodyIs>) => {
  const app = createAdminApi({
    ...{ title: 'Test', version: '1', description: 'test', authenticate },
    report: (error) => reported.push(error),
  });
  addPeopleRoutes(app, test.people);
  return app;
};

it('every operation is for its roles, and for nobody else', async () => {
  const operations = await checkRoleMatrix(apiFor);
  expect(operations.length).toBeGreaterThan(20);
  const forStrangers = operations.filter(({ allowed }) => allowed.length === 0);
  expect(forStrangers.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
    'GET /api/v1/sign-in-methods',
    'POST /api/v1/session',
    'POST /api/v1/session/second-factor',
  ]);
});

describe('what nobody means', () => {
  const nasty = fc.oneof(
    fc.constantFrom('', 'anna', '\0', '__proto__', '\ud800', "' OR 1=1 --", '../../x', '%00', 'a\r\nb'),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.anything({ maxDepth: 2 }),
  );
  const body = fc.record(
    {
      ...{ name: nasty, password: nasty, code: nasty, current: nasty, label: nasty },
      roles: fc.oneof(nasty, fc.array(fc.constantFrom('observer', 'root', 7))),
      ...{ expiresAt: nasty, secondFactorRoles: nasty },
    },
    { requiredKeys: [] },
  );

  it('is refused with a reason, and never an unforeseen error', async () => {
    const app = apiFor(everybodyIs());
    const paths = [
      ...['/api/v1/session', '/api/v1/session/second-factor', '/api/v1/session/password', '/api/v1/users'],
      ...['/api/v1/users/NAME', '/api/v1/users/NAME/password', '/api/v1/users/NAME/second-factor'],
      ...['/api/v1/sign-in-settings', '/api/v1/api-keys', '/api/v1/api-keys/NAME', '/api/v1/sessions/NAME'],
    ];
    const headers = { 'content-type': 'application/json', 'if-match': '"1"' };
    await fc.assert(
      fc.asyncProperty(
        ...([fc.constantFrom(...paths), fc.constantFrom('POST', 'PUT', 'DELETE', 'GET')] as const),
        ...([fc.webSegment(), body] as const),
        async (path, method, segment, sent) => {
          const target = path.replace('NAME', segment);
          const text = JSON.stringify(sent, (_, value) =>
            typeof value === 'bigint' ? String(value) : value,
          );
          const response = await app.request(target, {
            ...{ method, headers },
            ...(method !== 'GET' && { body: text }),
          });
          expect([target, method, response.status < 500, reported]).toEqual([target, method, true, []]);
        },
      ),
      { numRuns: 400 },
    );
  });
});
