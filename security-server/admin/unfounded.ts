import type { OpenAPIHono } from '@hono/zod-openapi';
import { addFirstStartRoutes, type FirstStart } from '../../gateway/first-start/index.ts';
import { createAdminApi } from '../../gateway/http/index.ts';
import type { JoinDesk } from '../join/index.ts';
import type { ServerAdminOptions } from './api.ts';
import { addJoinRoutes, explainJoining } from './join.ts';

/** The administration API of a folder without a server: all that can be done there is to join an instance. */
export function createUnfoundedAdmin(
  desk: JoinDesk,
  door: FirstStart,
  options: ServerAdminOptions,
): OpenAPIHono {
  const app = createAdminApi({
    title: 'Waygate security server',
    description: 'A security server that is not founded yet: it joins an instance with an invitation.',
    explain: explainJoining,
    ...options,
  });
  app.get('/health/live', (c) => c.json({ isLive: true }));
  app.get('/health/ready', (c) => c.json({ isReady: false }, 503));
  addFirstStartRoutes(app, door);
  addJoinRoutes(app, desk);
  return app;
}
