import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { parseCertificate } from '../../certs/x509/index.ts';
import { allow, allowAll, lineSchema, Problem } from '../../gateway/http/index.ts';
import { type ClientId, printEncoded } from '../../gateway/identifier/index.ts';
import { type ManagementRequest, managementKinds } from '../../gateway/management/index.ts';
import { hostManagementService, type SentRequest, sentStatuses } from '../management/index.ts';
import { ownCertificates } from '../signer/index.ts';
import type { AdminContext } from './context.ts';
import { clientIdSchema, readClientId, requireClient } from './schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });

const certificateSchema = z.string().describe('PEM, or the SHA-256 of a certificate of this server');
/** A request is an XML document: what none may hold would leave one that nobody can read, here or at the registry. */
const nameSchema = lineSchema(255).min(1);
const addressSchema = nameSchema.describe('host name or IP address among servers');

/** Of this server always: nobody asks for another one. */
const requestSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('authCertReg'),
      certificate: certificateSchema,
      address: addressSchema.optional().describe('needed when the server is not registered yet'),
      dryRun: z.boolean().optional().describe('only checks; the registry registers nothing'),
    }),
    z.strictObject({ kind: z.literal('authCertDeletion'), certificate: certificateSchema }),
    z.strictObject({
      kind: z.literal('clientReg'),
      client: clientIdSchema,
      subsystemName: nameSchema.optional(),
    }),
    z.strictObject({
      kind: z.enum(['clientDeletion', 'clientDisable', 'clientEnable']),
      client: clientIdSchema,
    }),
    z.strictObject({ kind: z.literal('clientRename'), client: clientIdSchema, subsystemName: nameSchema }),
    z.strictObject({
      kind: z.literal('ownerChange'),
      client: clientIdSchema.describe('the new owner, a member'),
    }),
    z.strictObject({ kind: z.literal('addressChange'), address: addressSchema }),
    z.strictObject({
      kind: z.literal('maintenanceModeEnable'),
      message: lineSchema(1024).min(1).optional().describe('shown to those who call its clients'),
    }),
    z.strictObject({ kind: z.literal('maintenanceModeDisable') }),
  ])
  .openapi('ManagementRequest');

const sentSchema = z
  .object({
    id: z.number().int(),
    kind: z.enum(managementKinds),
    server: z.string(),
    client: clientIdSchema.optional(),
    subsystemName: z.string().optional(),
    address: z.string().optional(),
    certificateSha256: z.string().optional(),
    message: z.string().optional(),
    status: z
      .enum(sentStatuses)
      .describe('waiting: for an administrator of the registry; failed: the registry did not take it'),
    requestId: z.number().int().optional().describe('number at the registry'),
    reason: z.string().optional().describe('why it was declined, revoked, or has failed'),
    messageId: z.string().describe('of the X-Road message, for the message log'),
    sentAt: z.iso.datetime(),
    changedAt: z.iso.datetime(),
  })
  .openapi('SentManagementRequest');

const hostSchema = z
  .strictObject({
    provider: clientIdSchema.describe('subsystem that the registry names as provider'),
    url: z
      .url({ protocol: /^https?$/, error: 'an http or https address is expected' })
      .openapi({ example: 'http://registry.internal:4002/managementservice/manage' }),
  })
  .openapi('ManagementServiceHost');

/** What this server asks of the registry, and, on the server that takes such requests, where they go. */
export function addManagementRoutes(app: OpenAPIHono, context: AdminContext): void {
  const { settings, management } = context;

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'post',
      path: '/api/v1/management-requests',
      description: 'Sends a request of this server to the registry, which has taken it when this answers.',
      request: { body: { required: true, ...json(requestSchema) } },
      responses: { 201: { description: 'taken by the registry', ...json(sentSchema) } },
    }),
    async (c) => {
      const request = await readRequest(c.req.valid('json'), context);
      return c.json(show(await management.send(request)), 201);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/management-requests',
      description: 'The latest 1000 requests, newest first.',
      request: { query: z.object({ status: z.enum(sentStatuses).optional() }) },
      responses: { 200: { description: 'requests of this server', ...json(z.array(sentSchema)) } },
    }),
    async (c) => c.json((await management.list(c.req.valid('query').status)).map(show), 200),
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'post',
      path: '/api/v1/management-requests/refresh',
      description: 'Looks now what became of the requests that wait, instead of at the next poll.',
      responses: { 204: { description: 'what could be learned is known' } },
    }),
    async (c) => {
      await management.refresh();
      return c.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/management-requests/{id}',
      request: { params: z.object({ id: z.coerce.number().int().positive() }) },
      responses: { 200: { description: 'one request', ...json(sentSchema) } },
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const sent = await management.find(id);
      if (sent !== undefined) return c.json(show(sent), 200);
      throw new Problem(404, 'unknown-request', `This server has sent no management request ${id}`);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'post',
      path: '/api/v1/management-services',
      description:
        'Makes this server the one behind which the registry takes management requests: the provider becomes a client, each request a service that owners of servers may call.',
      request: { body: { required: true, ...json(hostSchema) } },
      responses: { 204: { description: 'in force' } },
    }),
    async (c) => {
      const { provider, url } = c.req.valid('json');
      const id = readClientId(provider);
      if (id.kind !== 'SUBSYSTEM' || id.instance !== settings.serverId.instance) {
        const detail = `${provider} is not a subsystem of ${settings.serverId.instance}: the registry names one`;
        throw new Problem(422, 'invalid-identifier', detail);
      }
      await hostManagementService(settings, id, url);
      return c.body(null, 204);
    },
  );
}

async function readRequest(
  asked: z.infer<typeof requestSchema>,
  context: AdminContext,
): Promise<ManagementRequest> {
  const server = context.settings.serverId;
  switch (asked.kind) {
    case 'authCertReg': {
      const { certificate, kind, address, dryRun } = asked;
      return {
        ...{ kind, server, authCert: await readCertificate(certificate, context) },
        ...(address !== undefined && { address }),
        ...(dryRun !== undefined && { dryRun }),
      };
    }
    case 'authCertDeletion':
      return { kind: asked.kind, server, authCert: await readCertificate(asked.certificate, context) };
    case 'clientReg': {
      // Approval makes it a client in use: there has to be something to use.
      const { id } = requireClient(context.settings.current().content.clients, asked.client);
      const { kind, subsystemName } = asked;
      return { kind, server, client: id, ...(subsystemName !== undefined && { subsystemName }) };
    }
    case 'ownerChange': {
      const client: ClientId = readClientId(asked.client);
      if (client.kind === 'MEMBER') return { kind: asked.kind, server, client };
      throw new Problem(422, 'invalid-identifier', `${asked.client} is a subsystem: a member owns a server`);
    }
    case 'clientDeletion':
    case 'clientDisable':
    case 'clientEnable':
    case 'clientRename':
      return { ...asked, server, client: readClientId(asked.client) };
    case 'addressChange':
    case 'maintenanceModeDisable':
      return { ...asked, server };
    case 'maintenanceModeEnable': {
      const { kind, message } = asked;
      return { kind, server, ...(message !== undefined && { message }) };
    }
  }
}

/** @returns DER */
async function readCertificate(text: string, { settings }: AdminContext): Promise<Buffer> {
  if (!/^[0-9a-f]{64}$/i.test(text)) return parseCertificate(Buffer.from(text)).der;
  const own = (await ownCertificates(settings.db)).find(
    ({ certificate }) => certificate.sha256.toString('hex') === text.toLowerCase(),
  );
  if (own !== undefined) return own.certificate.der;
  throw new Problem(404, 'unknown-certificate', `There is no certificate ${text} here`);
}

function show(sent: SentRequest): z.infer<typeof sentSchema> {
  const { request, sentAt, changedAt, ...rest } = sent;
  return {
    ...rest,
    kind: request.kind,
    server: printEncoded(request.server),
    ...('client' in request && { client: printEncoded(request.client) }),
    ...('subsystemName' in request && { subsystemName: request.subsystemName }),
    ...('address' in request && { address: request.address }),
    ...('authCert' in request && {
      certificateSha256: parseCertificate(request.authCert).sha256.toString('hex'),
    }),
    ...('message' in request && { message: request.message }),
    sentAt: sentAt.toISOString(),
    changedAt: changedAt.toISOString(),
  };
}
