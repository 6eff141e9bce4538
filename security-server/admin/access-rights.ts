import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, Problem } from '../../gateway/http/index.ts';
import { baseEndpoint, type ServiceRecord } from '../settings/index.ts';
import { grantSchema, grantToSchema, readGrant, showGrant, shownGrantSchema } from './access-schemas.ts';
import type { AdminContext } from './context.ts';
import {
  clientIdSchema,
  endpointSchema,
  readSubject,
  requireClient,
  requireService,
  showSubject,
  subjectSchema,
} from './schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const path = '/api/v1/clients/{client}/services/{service}/access-rights';
const parameters = z.object({ client: clientIdSchema, service: z.string() });
const done = { 204: { description: 'in force' } } as const;
const mayGive = () => allow('service-administrator', 'registration-officer');

const rightsSchema = z
  .array(z.object({ subject: subjectSchema, endpoints: z.array(grantSchema) }))
  .openapi('AccessRights');
const shownRightsSchema = z
  .array(z.object({ subject: subjectSchema, endpoints: z.array(shownGrantSchema) }))
  .openapi('ShownAccessRights');

/** Who may call a service, what of it, and how long. */
export function addAccessRightRoutes(app: OpenAPIHono, { settings, now }: AdminContext): void {
  const find = ({ client, service }: z.infer<typeof parameters>): ServiceRecord => {
    const { id } = requireClient(settings.current().content.clients, client);
    return requireService(settings.current().servicesOf(id), service);
  };

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path,
      description:
        'Who may call what of a service. Rights that ended are told, too, until they are taken away.',
      request: { params: parameters },
      responses: { 200: { description: 'who may call what', ...json(shownRightsSchema) } },
    }),
    (context) => {
      const { provider, serviceCode } = find(context.req.valid('param'));
      const at = now();
      const bySubject = new Map<string, z.infer<typeof shownGrantSchema>[]>();
      for (const { subject: given, endpoint, ...validity } of settings
        .current()
        .rightsOf(provider, serviceCode)) {
        const subject = showSubject(given);
        const shown = showGrant({ ...endpoint, ...validity }, at);
        bySubject.set(subject, [...(bySubject.get(subject) ?? []), shown]);
      }
      return context.json(
        [...bySubject].map(([subject, endpoints]) => ({ subject, endpoints })),
        200,
      );
    },
  );

  app.openapi(
    createRoute({
      ...mayGive(),
      method: 'put',
      path,
      description: 'Gives each subject listed exactly its endpoints; a subject with none loses its right.',
      request: { params: parameters, body: { required: true, ...json(rightsSchema) } },
      responses: done,
    }),
    async (context) => {
      const service = find(context.req.valid('param'));
      const wanted = context.req.valid('json').map(({ subject, endpoints }) => ({
        subject: readSubject(subject),
        grants: endpoints.map(readGrant),
      }));
      requireGivable(
        service,
        wanted.flatMap(({ grants }) => grants),
      );
      await settings.setRightsOf(service.provider, service.serviceCode, wanted);
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...mayGive(),
      method: 'post',
      path,
      description:
        'Gives single endpoints to single subjects, besides what is given already. What is given already holds as long as is said now.',
      request: {
        params: parameters,
        body: {
          required: true,
          ...json(z.array(grantToSchema).min(1).max(1_000)),
        },
      },
      responses: done,
    }),
    async (context) => {
      const service = find(context.req.valid('param'));
      const grants = context.req
        .valid('json')
        .map(({ subject, ...grant }) => ({ ...readGrant(grant), subject: readSubject(subject) }));
      requireGivable(service, grants);
      await settings.giveRights(service.provider, service.serviceCode, grants);
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...mayGive(),
      method: 'delete',
      path,
      description: 'Takes one endpoint away from one subject.',
      request: { params: parameters, query: endpointSchema.extend({ subject: subjectSchema }) },
      responses: done,
    }),
    async (context) => {
      const { provider, serviceCode } = find(context.req.valid('param'));
      const { subject: given, ...endpoint } = context.req.valid('query');
      const subject = readSubject(given);
      const isThere = settings
        .current()
        .rightsOf(provider, serviceCode)
        .some(
          (right) =>
            showSubject(right.subject) === showSubject(subject) &&
            right.endpoint.method === endpoint.method &&
            right.endpoint.path === endpoint.path,
        );
      if (!isThere) {
        const what = `${endpoint.method} ${endpoint.path} of ${serviceCode}`;
        throw new Problem(404, 'unknown-right', `${given} is not given ${what}`);
      }
      await settings.takeRights(provider, serviceCode, [{ ...endpoint, subject }]);
      return context.body(null, 204);
    },
  );
}

/** @throws Problem whole-service-only */
function requireGivable(
  { kind }: ServiceRecord,
  endpoints: readonly { readonly method: string; readonly path: string }[],
): void {
  const isWhole = endpoints.every(
    ({ method, path: glob }) => method === baseEndpoint.method && glob === baseEndpoint.path,
  );
  if (kind !== 'WSDL' || isWhole) return;
  // A right that never takes effect would look like one that does.
  throw new Problem(422, 'whole-service-only', 'A SOAP service is given whole: method *, path **');
}
