import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, Problem } from '../../gateway/http/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import {
  addServerClient,
  readRegistrationCertificate,
  readSettings,
  writeSettings,
} from '../register/index.ts';
import { actOf } from './act.ts';
import type { AdminContext } from './context.ts';
import {
  done,
  json,
  jsonBody,
  readServerId,
  readSubsystemId,
  serverIdSchema,
  showCertificate,
  subsystemIdSchema,
} from './schemas.ts';

const serviceSchema = z
  .object({
    providerId: subsystemIdSchema.describe('subsystem that takes management requests'),
    serviceAddress: z
      .string()
      .optional()
      .describe('URL of the registration service; port 4001 of the registry unless told')
      .openapi({ example: 'https://registry.example:4001/managementservice/' }),
  })
  .openapi('ManagementService');

/** Where security servers send management requests. */
export function addManagementServiceRoutes(app: OpenAPIHono, { register }: AdminContext): void {
  const shownSchema = serviceSchema.partial().extend({
    certificate: z.string().optional().describe('PEM; the registration service shows itself with it'),
  });
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/management-service',
      responses: { 200: { description: 'as servers are told', ...json(shownSchema) } },
    }),
    async (context) => {
      const { managementServiceProvider: provider, managementServiceAddress: serviceAddress } =
        await register.read(readSettings);
      const certificate = await register.read(readRegistrationCertificate);
      const shown = {
        ...(provider !== undefined && { providerId: printEncoded(provider) }),
        ...(serviceAddress !== undefined && { serviceAddress }),
        ...(certificate !== undefined && { certificate: showCertificate(certificate) }),
      };
      return context.json(shown, 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer', 'system-administrator'),
      method: 'put',
      path: '/api/v1/management-service',
      request: { body: jsonBody(serviceSchema) },
      responses: done,
    }),
    async (context) => {
      const { providerId, serviceAddress } = context.req.valid('json');
      const managementServiceProvider = readSubsystemId(providerId);
      await register.change(actOf(context), async (book) => {
        const { managementServiceAddress: _former, ...settings } = await readSettings(book);
        const address = serviceAddress === undefined ? {} : { managementServiceAddress: serviceAddress };
        await writeSettings(book, { ...settings, ...address, managementServiceProvider });
      });
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer', 'system-administrator'),
      method: 'post',
      path: '/api/v1/management-service/register-provider',
      description:
        'Makes the provider a client of a server without a management request, which could not arrive before that.',
      request: { body: jsonBody(z.object({ server: serverIdSchema })) },
      responses: done,
    }),
    async (context) => {
      const server = readServerId(context.req.valid('json').server);
      await register.change(actOf(context), async (book) => {
        const { managementServiceProvider: provider } = await readSettings(book);
        if (provider === undefined) {
          throw new Problem(409, 'no-provider', 'No provider is set: PUT /api/v1/management-service first');
        }
        await addServerClient(book, server, provider);
      });
      return context.body(null, 204);
    },
  );
}
