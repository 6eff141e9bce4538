import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { Hono } from 'hono';
import { request } from 'undici';

const application = z
  .object({
    applicant: z.string().openapi({ example: 'P-1001' }),
    site: z.string().min(1),
    work: z.string().min(1),
  })
  .openapi('Application');

const permit = application
  .extend({ number: z.string(), applicantName: z.string(), status: z.enum(['received', 'granted']) })
  .openapi('Permit');

const problem = z.object({ title: z.string(), detail: z.string().optional() }).openapi('Problem');
const registerPerson = z.object({ name: z.string() });

type Permit = z.infer<typeof permit>;

export interface BuildingPermitsOptions {
  /** The city's own security server, as its information systems reach it. */
  readonly securityServerUrl: string;
  /** The subsystem this service speaks for, e.g. `PILOT/MUN/2001/permits`. */
  readonly client: string;
  /** Path of the population register, e.g. `/r1/PILOT/GOV/1001/population/register`. */
  readonly populationRegister: string;
}

const json = <T extends z.ZodType>(schema: T, description: string) => ({
  content: { 'application/json': { schema } },
  description,
});

/**
 * The City of Rivertown's building permits. Before it takes an application it asks the ministry's population
 * register who the applicant is, through the city's security server: one request from outside, two exchanges.
 */
export function createBuildingPermits(options: BuildingPermitsOptions): Hono {
  const permits = new Map<string, Permit>();
  const app = new OpenAPIHono();

  const apply = createRoute({
    method: 'post',
    path: '/permits',
    summary: 'Applies for a permit',
    request: { body: { content: { 'application/json': { schema: application } }, required: true } },
    responses: {
      201: json(permit, 'The application as received'),
      422: json(problem, 'The applicant is not in the population register'),
      502: json(problem, 'The population register could not be asked'),
    },
  });
  app.openapi(apply, async (c) => {
    const asked = c.req.valid('json');
    const path = `${options.populationRegister}/persons/${encodeURIComponent(asked.applicant)}`;
    const answer = await request(`${options.securityServerUrl}${path}`, {
      headers: { 'X-Road-Client': options.client, accept: 'application/json' },
      headersTimeout: 30_000,
    });
    const body: unknown = await answer.body.json();
    if (answer.statusCode === 404)
      return c.json({ title: 'The applicant is not in the population register' }, 422);
    const found = registerPerson.safeParse(body);
    if (answer.statusCode !== 200 || !found.success) {
      const detail = String(answer.headers['x-road-error'] ?? `status ${answer.statusCode}`);
      return c.json({ title: 'The population register could not be asked', detail }, 502);
    }
    const number = `B-${String(permits.size + 1).padStart(5, '0')}`;
    const received: Permit = { ...asked, number, applicantName: found.data.name, status: 'received' };
    permits.set(number, received);
    return c.json(received, 201);
  });

  const list = createRoute({
    method: 'get',
    path: '/permits',
    summary: 'All permits',
    responses: { 200: json(z.array(permit), 'By number') },
  });
  app.openapi(list, (c) => c.json([...permits.values()], 200));

  const getPermit = createRoute({
    method: 'get',
    path: '/permits/{number}',
    summary: 'One permit',
    request: { params: z.object({ number: z.string() }) },
    responses: { 200: json(permit, 'The permit'), 404: json(problem, 'No such permit') },
  });
  app.openapi(getPermit, (c) => {
    const found = permits.get(c.req.valid('param').number);
    return found === undefined ? c.json({ title: 'No such permit' }, 404) : c.json(found, 200);
  });

  app.doc('/openapi.json', {
    openapi: '3.0.3',
    info: {
      title: 'Building permits',
      version: '1.0.0',
      description: 'Applications and permits of the city.',
    },
    servers: [{ url: '/v1' }],
  });
  // Paths in the description are relative to its server, /v1, so the prefix is put around them here.
  return new Hono().route('/v1', app);
}
