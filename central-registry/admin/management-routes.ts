import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, linkNext } from '../../gateway/http/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import { managementKinds } from '../../gateway/management/index.ts';
import {
  approveRequest,
  declineRequest,
  listEntries,
  type ManagementEntry,
  proofChecks,
  readAutomaticApproval,
  readEntry,
  revokeRequest,
  writeAutomaticApproval,
} from '../management/index.ts';
import { actOf } from './act.ts';
import type { AdminContext } from './context.ts';
import {
  clientIdSchema,
  done,
  json,
  jsonBody,
  memberIdSchema,
  serverIdSchema,
  showCertificate,
} from './schemas.ts';

const statusSchema = z.enum(['waiting', 'approved', 'declined', 'revoked']);

const proofSchema = z
  .object({
    purpose: z.enum(['signing', 'authentication']),
    member: memberIdSchema.optional().describe('who has to sign'),
    subject: z.string().describe('for people'),
    issuer: z.string().describe('for people'),
    serialNumber: z.string().describe('hex'),
    sha256: z.string().describe('of the DER, hex'),
    notAfter: z.iso.datetime(),
    statusAt: z.iso.datetime().optional().describe('when a responder vouched for the certificate'),
    checks: z
      .array(z.enum(proofChecks))
      .describe(
        'what was found to hold: same-certificate, it is the one to be registered; trusted, an approved service issued it for this; member, it names who has to sign; status, it was vouched for; signature, its key signed the message',
      ),
  })
  .openapi('ManagementRequestProof');

const requestSchema = z
  .object({
    id: z.number().int(),
    kind: z.enum(managementKinds),
    origin: z.enum(['registration', 'management']).describe('the service that took it'),
    sender: memberIdSchema,
    server: serverIdSchema,
    client: clientIdSchema.optional().describe('for a change of owner: the new one'),
    subsystemName: z.string().optional(),
    address: z.string().optional(),
    certificate: z.string().optional().describe('PEM'),
    message: z.string().optional().describe('of the maintenance'),
    messageId: z.string(),
    digest: z.string().describe('SHA-256 of the message as it was signed, hex'),
    evidence: z
      .array(proofSchema)
      .optional()
      .describe(
        'one for each signature; none for kinds that are sent without; absent from requests before it was kept',
      ),
    status: statusSchema,
    reason: z.string().optional().describe('why it was declined or revoked'),
    createdAt: z.iso.datetime(),
    decidedAt: z.iso.datetime().optional(),
  })
  .openapi('ManagementRequest');

const automaticSchema = z
  .object({ authCertReg: z.boolean(), clientReg: z.boolean(), ownerChange: z.boolean() })
  .openapi('AutomaticApproval');

const listQuery = z.object({
  status: statusSchema.optional(),
  cursor: z.coerce
    .number()
    .int()
    .positive()
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('id of the request to go on behind, as Link with rel="next" tells it'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** What security servers ask for, and what becomes of it. */
export function addManagementRoutes(app: OpenAPIHono, { register, now }: AdminContext): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/management-requests',
      description: 'Newest first.',
      request: { query: listQuery },
      responses: { 200: { description: 'management requests', ...json(z.array(requestSchema)) } },
    }),
    async (context) => {
      const { status, cursor, limit } = context.req.valid('query');
      const wanted = {
        limit: limit + 1,
        ...(cursor !== undefined && { before: cursor }),
        ...(status !== undefined && { status }),
      };
      const found = await register.read((book) => listEntries(book, wanted));
      const shown = found.slice(0, limit);
      const last = shown.at(-1);
      if (found.length > limit && last !== undefined) linkNext(context, String(last.id));
      return context.json(shown.map(showEntry), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/management-requests/automatic-approval',
      responses: { 200: { description: 'kinds that no administrator decides', ...json(automaticSchema) } },
    }),
    async (context) => context.json(await register.read(readAutomaticApproval), 200),
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'put',
      path: '/api/v1/management-requests/automatic-approval',
      description: 'Requests of these kinds take effect at once when the member is registered.',
      request: { body: jsonBody(automaticSchema) },
      responses: done,
    }),
    async (context) => {
      const approval = context.req.valid('json');
      await register.change(actOf(context), (book) => writeAutomaticApproval(book, approval), isUnseen);
      return context.body(null, 204);
    },
  );

  const one = z.object({ id: z.coerce.number().int().positive() });
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/management-requests/{id}',
      request: { params: one },
      responses: { 200: { description: 'one request', ...json(requestSchema) } },
    }),
    async (context) => {
      const { id } = context.req.valid('param');
      return context.json(showEntry(await register.read((book) => readEntry(book, id))), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'post',
      path: '/api/v1/management-requests/{id}/approve',
      request: { params: one },
      responses: done,
    }),
    async (context) => {
      const { id } = context.req.valid('param');
      await register.change(actOf(context), (book) => approveRequest(book, id, now()));
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'post',
      path: '/api/v1/management-requests/{id}/decline',
      description: 'The reason is shown to the administrator of the server.',
      request: { params: one, body: jsonBody(z.object({ reason: z.string() })) },
      responses: done,
    }),
    async (context) => {
      const { id } = context.req.valid('param');
      const { reason } = context.req.valid('json');
      await register.change(actOf(context), (book) => declineRequest(book, id, reason, now()), isUnseen);
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'post',
      path: '/api/v1/management-requests/{id}/revoke',
      description: 'Takes a waiting request back on behalf of its sender.',
      request: { params: one, body: jsonBody(z.object({ reason: z.string().optional() })) },
      responses: done,
    }),
    async (context) => {
      const { id } = context.req.valid('param');
      const { reason } = context.req.valid('json');
      await register.change(actOf(context), (book) => revokeRequest(book, id, reason, now()), isUnseen);
      return context.body(null, 204);
    },
  );
}

/** Nothing of it is in the configuration. */
function isUnseen(): boolean {
  return false;
}

function showEntry({ request, sender, evidence, createdAt, decidedAt, ...entry }: ManagementEntry) {
  const { kind, server, ...body } = request;
  return {
    ...entry,
    kind,
    sender: printEncoded(sender),
    server: printEncoded(server),
    ...('client' in body && { client: printEncoded(body.client) }),
    ...('subsystemName' in body && { subsystemName: body.subsystemName }),
    ...('address' in body && { address: body.address }),
    ...('authCert' in body && { certificate: showCertificate(body.authCert) }),
    ...('message' in body && { message: body.message }),
    ...(evidence !== undefined && {
      evidence: evidence.map(({ checks, ...proof }) => ({ ...proof, checks: [...checks] })),
    }),
    createdAt: createdAt.toISOString(),
    ...(decidedAt !== undefined && { decidedAt: decidedAt.toISOString() }),
  };
}
