import { expect, it } from 'vitest';
import { checkRoleMatrix } from '../../gateway/http/testing/role-matrix.ts';
import { type AdminContext, createServerAdmin } from './index.ts';

it('every operation of a security server is for its roles, and for nobody else', async () => {
  const context = { journal: { append: async () => 0 } } as unknown as AdminContext;
  const operations = await checkRoleMatrix((authenticate) =>
    createServerAdmin(context, { version: '1', authenticate, report: () => undefined }),
  );
  expect(operations.length).toBeGreaterThan(45);
});
