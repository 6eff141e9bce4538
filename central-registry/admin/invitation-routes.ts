import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, principalOf } from '../../gateway/http/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import { connectionSchema, joiningStatusSchema, joinStepSchema } from '../../gateway/joining/index.ts';
import {
  approveJoining,
  declineJoining,
  type Invitation,
  invite,
  joiningStatus,
  listInvitations,
  readInvitationEntry,
  withdrawInvitation,
} from '../invitations/index.ts';
import { actOf } from './act.ts';
import type { AdminContext } from './context.ts';
import { codeSchema, done, json, jsonBody, memberIdSchema } from './schemas.ts';

const newInvitationSchema = z.object({
  memberClass: codeSchema,
  memberCode: codeSchema,
  memberName: z.string(),
  contact: z.string().describe('whom to ask about it: a person, an address'),
  serverCode: codeSchema.default('ss1').describe('of the server that the administration will found'),
  validHours: z
    .number()
    .int()
    .min(1)
    .max(30 * 24)
    .default(7 * 24),
});

const invitationSchema = z
  .object({
    id: z.string(),
    state: z.enum(['open', 'used', 'expired', 'withdrawn']),
    member: memberIdSchema,
    memberName: z.string(),
    contact: z.string(),
    serverCode: codeSchema,
    createdAt: z.iso.datetime(),
    createdBy: z.string(),
    expiresAt: z.iso.datetime(),
    redeemedAt: z.iso.datetime().optional(),
    address: z.string().optional().describe('at which the joining server said it will be reached'),
    subsystems: z.array(z.object({ code: z.string(), name: z.string().optional() })).optional(),
    decision: z
      .object({
        outcome: z.enum(['approved', 'declined']),
        reason: z.string().optional(),
        at: z.iso.datetime(),
        by: z.string(),
      })
      .optional(),
  })
  .openapi('Invitation');

const joiningSchema = invitationSchema
  .extend({
    checklist: z.array(joinStepSchema).describe('as the joining server reports it: not checked'),
    connections: z
      .array(connectionSchema)
      .describe('what the registry found when it tried to reach the server'),
    requests: joiningStatusSchema.shape.requests.describe('management requests of the joining server'),
  })
  .openapi('Joining');

const signedSchema = z
  .object({
    id: z.string(),
    invitation: z
      .string()
      .describe('hand it to the administration, by a channel that you trust: it is kept nowhere'),
  })
  .openapi('SignedInvitation');

const maxListed = 1000;

/** Whom the registry invites to join, and what becomes of it. */
export function addInvitationRoutes(app: OpenAPIHono, context: AdminContext): void {
  const { register, now, inviting } = context;
  const isUnseen = () => false;

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/invitations',
      description: `The latest ${maxListed}, newest first.`,
      responses: { 200: { description: 'invitations', ...json(z.array(invitationSchema)) } },
    }),
    async (c) => {
      const wanted = { now: now(), limit: maxListed };
      return c.json((await register.read((book) => listInvitations(book, wanted))).map(show), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'post',
      path: '/api/v1/invitations',
      request: { body: jsonBody(newInvitationSchema) },
      responses: { 201: { description: 'made', ...json(signedSchema) } },
    }),
    async (c) => {
      const { memberClass, memberCode, validHours, ...rest } = c.req.valid('json');
      const member = { kind: 'MEMBER', instance: register.instance, memberClass, memberCode } as const;
      const expiresAt = new Date(now().getTime() + validHours * 3_600_000);
      const { jti, text } = await invite(inviting, { ...rest, member, expiresAt }, principalOf(c).id);
      return c.json({ id: jti, invitation: text }, 201);
    },
  );

  const one = z.object({ id: z.string().max(40) });
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/invitations/{id}',
      description: 'One joining, with the checklist that its joiner sees.',
      request: { params: one },
      responses: { 200: { description: 'the invitation', ...json(joiningSchema) } },
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const answer = await register.read(async (book) => {
        const invitation = await readInvitationEntry(book, id, now());
        const { requests } = await joiningStatus(book, invitation);
        const { progress, connections } = invitation;
        return { ...show(invitation), checklist: [...progress], connections: [...connections], requests };
      });
      return c.json(answer, 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'delete',
      path: '/api/v1/invitations/{id}',
      description: 'Withdraws an invitation that nobody has redeemed.',
      request: { params: one },
      responses: done,
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      await register.change(actOf(c), (book) => withdrawInvitation(book, id, now()), isUnseen);
      return c.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'post',
      path: '/api/v1/invitations/{id}/approve',
      description:
        'Registers the member, and lets what its server asks for take effect, now or when it asks: the server at the address, and the subsystems, that were told at redemption.',
      request: { params: one },
      responses: done,
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const deciding = { by: principalOf(c).id, at: now() };
      await register.change(
        actOf(c),
        (book) => approveJoining(book, id, deciding),
        (hasEffect) => hasEffect,
      );
      return c.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'post',
      path: '/api/v1/invitations/{id}/decline',
      description: 'The reason is shown to the administrator of the joining server.',
      request: { params: one, body: jsonBody(z.object({ reason: z.string() })) },
      responses: done,
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const { reason } = c.req.valid('json');
      const deciding = { by: principalOf(c).id, at: now() };
      await register.change(actOf(c), (book) => declineJoining(book, id, reason, deciding), isUnseen);
      return c.body(null, 204);
    },
  );
}

function show(invitation: Invitation): z.infer<typeof invitationSchema> {
  const { jti, state, member, memberName, contact, serverCode, createdBy, redeemed, decision } = invitation;
  return {
    ...{ id: jti, state, member: printEncoded(member), memberName, contact, serverCode, createdBy },
    createdAt: invitation.createdAt.toISOString(),
    expiresAt: invitation.expiresAt.toISOString(),
    ...(redeemed !== undefined && {
      redeemedAt: redeemed.at.toISOString(),
      address: redeemed.address,
      subsystems: [...redeemed.subsystems],
    }),
    ...(decision !== undefined && { decision: { ...decision, at: decision.at.toISOString() } }),
  };
}
