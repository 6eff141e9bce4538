export { createServerAdmin, type ServerAdminOptions } from './api.ts';
export type { AdminContext } from './context.ts';
export { createUnfoundedAdmin } from './unfounded.ts';
