import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { addFirstStartRoutes, type FirstStart } from '../../gateway/first-start/index.ts';
import { type Authenticate, allow, allowAll, createAdminApi } from '../../gateway/http/index.ts';
import type { FoundingDesk } from './desk.ts';
import { checkFounding } from './request.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });

const memberClassSchema = z.strictObject({
  code: z.string().max(255).describe('such as GOV'),
  description: z.string().max(255).describe('for people'),
});

const foundingSchema = z
  .strictObject({
    instance: z.string().max(255).describe('code of the instance; can never be changed'),
    address: z.string().max(255).describe('host name or IP address at which servers reach the registry'),
    memberClasses: z.array(memberClassSchema).max(50).default([]).describe('more can be added at any time'),
    administrator: z.string().max(64).describe('name of the first person, a system administrator'),
    administratorPassword: z.string().max(2048),
    pin: z
      .string()
      .max(1024)
      .optional()
      .describe('of the token with the configuration keys; needed unless the program was started with it'),
  })
  .openapi('Founding');

const viewSchema = z
  .object({
    isPinKnown: z.boolean().describe('whether the program was started with a PIN: none is to be sent then'),
    instance: z.string().optional().describe('whose founding was cut short here, and can be finished'),
  })
  .openapi('FoundingView');

interface UnfoundedOptions {
  readonly version: string;
  readonly authenticate: Authenticate;
  readonly report: (error: unknown, reference: string) => void;
}

/** The administration API of a folder without an instance: all that can be done there is to found one. */
export function createUnfoundedApi(
  desk: FoundingDesk,
  door: FirstStart,
  options: UnfoundedOptions,
): OpenAPIHono {
  const app = createAdminApi({
    title: 'Waygate central registry',
    description: 'A registry that is not founded yet.',
    ...options,
  });
  app.get('/health/live', (c) => c.json({ isLive: true }));
  app.get('/health/ready', (c) => c.json({ isReady: false }, 503));
  addFirstStartRoutes(app, door);
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/founding',
      description: 'What founding an instance here takes.',
      responses: { 200: { description: 'what it takes', ...json(viewSchema) } },
    }),
    (c) => c.json(desk.view(), 200),
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'post',
      path: '/api/v1/founding/check',
      description: 'Looks at what is known of a founding yet, and changes nothing.',
      request: { body: { required: true, ...json(foundingSchema.partial()) } },
      responses: { 204: { description: 'it fits' } },
    }),
    (c) => {
      checkFounding(withoutAbsent(c.req.valid('json')));
      return c.body(null, 204);
    },
  );
  app.openapi(
    createRoute({
      ...allow('system-administrator'),
      method: 'post',
      path: '/api/v1/founding',
      description:
        'Founds the instance and starts its registry, which answers from then on at this address. Done once.',
      request: { body: { required: true, ...json(foundingSchema) } },
      responses: {
        201: { description: 'founded and started', ...json(z.object({ instance: z.string() })) },
      },
    }),
    async (c) => {
      const request = c.req.valid('json');
      await desk.found(request);
      c.header('set-cookie', door.cookie.clear());
      return c.json({ instance: request.instance }, 201);
    },
  );
  return app;
}

/** A key with nothing behind it is as good as none. */
function withoutAbsent<Given extends object>(given: Given) {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    readonly [Key in keyof Given]?: Exclude<Given[Key], undefined>;
  };
}
