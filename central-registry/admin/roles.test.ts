import { expect, it } from 'vitest';
import { checkRoleMatrix } from '../../gateway/http/testing/role-matrix.ts';
import type { AdminContext } from './context.ts';
import { createRegistryApi } from './index.ts';
import { roleTable } from './testing/role-table.ts';

it('every operation of the registry is for its roles, and for nobody else', async () => {
  const context = {
    register: { instance: 'DEV' },
    journal: { append: async () => 0 },
  } as unknown as AdminContext;
  const operations = await checkRoleMatrix(
    (authenticate) => createRegistryApi(context, { version: '1', authenticate, report: () => undefined }),
    roleTable,
  );
  expect(operations.length).toBeGreaterThan(50);
});
