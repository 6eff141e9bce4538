import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, Problem } from '../../gateway/http/index.ts';
import { InvitationError, joinStepSchema } from '../../gateway/joining/index.ts';
import { type JoinDesk, JoinError } from '../join/index.ts';

const path = '/api/v1/join';
const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const use = z.enum(['signing', 'authentication']);
const pinSchema = z.string().max(1024);

const beginSchema = z
  .strictObject({
    invitation: z.string().max(8192),
    address: z.string().min(1).max(255).describe('at which other servers will reach this one'),
    subsystems: z
      .array(z.strictObject({ code: z.string().min(1).max(255), name: z.string().max(255).optional() }))
      .min(1)
      .max(20),
    signingToken: z
      .string()
      .max(255)
      .optional()
      .describe(
        'name of the device that has the key for signing, as the settings have it; absent: the own token',
      ),
    pin: pinSchema
      .optional()
      .describe('for the token of a server that is not founded yet, unless the program was started with it'),
    administrator: z
      .string()
      .max(64)
      .optional()
      .describe('first person of a server that is not founded yet, a system administrator'),
    administratorPassword: z.string().max(2048).optional(),
  })
  .openapi('JoinBegin');
type Begin = z.infer<typeof beginSchema>;

const checkSchema = z
  .strictObject({
    ...beginSchema.partial().shape,
    address: z.string().max(255).optional(),
    subsystems: z
      .array(z.strictObject({ code: z.string().max(255), name: z.string().max(255).optional() }))
      .max(20)
      .optional(),
  })
  .openapi('JoinCheck');

const invitationSchema = z
  .object({
    instance: z.string(),
    memberClass: z.string(),
    memberCode: z.string(),
    memberName: z.string(),
    serverCode: z.string(),
    registry: z.string().describe('host and port at which the invitation is redeemed'),
    expiresAt: z.iso.datetime(),
  })
  .openapi('JoinInvitation');

const viewSchema = z
  .object({
    result: z.enum(['none', 'joining', 'joined', 'declined']),
    reason: z.string().optional().describe('why the registration officer declined'),
    isRunning: z.boolean().describe('whether the steps are worked on now'),
    trouble: z.string().optional().describe('why the last run ended before its time'),
    isFounded: z.boolean().describe('whether there is a server, with a PIN and people of its own'),
    isPinKnown: z.boolean().describe('before there is one: whether the PIN of its token is known'),
    devices: z.array(z.string()).describe('names of those in which the key for signing may be made'),
    certificates: z
      .array(z.object({ use, isBrought: z.boolean() }))
      .describe('that somebody has to bring from the authority'),
    steps: z.array(joinStepSchema),
  })
  .openapi('Join');

/** Joining an instance with an invitation, for as long as this server has not joined. */
export function addJoinRoutes(app: OpenAPIHono, desk: JoinDesk): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path,
      responses: { 200: { description: 'how far the joining is, and who is awaited', ...json(viewSchema) } },
    }),
    async (c) => {
      const { steps, certificates, devices, ...view } = await desk.view();
      const lists = { certificates: [...certificates], devices: [...devices], steps: [...steps] };
      return c.json({ ...view, ...lists }, 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer', 'system-administrator'),
      method: 'post',
      path,
      description: 'Begins with an invitation; without a body, goes on with what was begun.',
      request: { body: { required: false, ...json(beginSchema) } },
      responses: { 202: { description: 'under way' } },
    }),
    async (c) => {
      if (c.req.header('content-type') === undefined) {
        await desk.begin(undefined);
        return c.body(null, 202);
      }
      const { pin, administrator, administratorPassword, ...begin } = c.req.valid('json');
      const { signingToken } = begin;
      await desk.check({ pin, administrator, administratorPassword, signingToken });
      await desk.begin(beginOf(begin), {
        ...(pin !== undefined && { pin }),
        ...(administrator !== undefined && {
          administrator: { name: administrator, password: administratorPassword ?? '' },
        }),
      });
      return c.body(null, 202);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer', 'system-administrator'),
      method: 'post',
      path: `${path}/check`,
      description: 'Looks at what a joining would begin with, as far as it is known, and begins nothing.',
      request: { body: { required: true, ...json(checkSchema) } },
      responses: {
        200: {
          description: 'it fits; what the invitation says',
          ...json(z.object({ invitation: invitationSchema.optional() })),
        },
      },
    }),
    async (c) => {
      const claims = await desk.check(c.req.valid('json'));
      if (claims === undefined) return c.json({}, 200);
      const { iss: instance, member, serverCode, registrationUrl, exp } = claims;
      const { memberClass, memberCode, name: memberName } = member;
      const invitation = {
        ...{ instance, memberClass, memberCode, memberName, serverCode },
        registry: new URL(registrationUrl).host,
        expiresAt: new Date(exp * 1000).toISOString(),
      };
      return c.json({ invitation }, 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer', 'system-administrator'),
      method: 'post',
      path: `${path}/pin`,
      description:
        'Enters the PIN for the token of a server that is not founded yet, after the program was started anew: it is kept nowhere.',
      request: { body: { required: true, ...json(z.strictObject({ pin: pinSchema })) } },
      responses: { 204: { description: 'taken' } },
    }),
    async (c) => {
      const { pin } = c.req.valid('json');
      await desk.check({ pin });
      desk.enterPin(pin);
      return c.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer', 'security-officer', 'system-administrator'),
      method: 'get',
      path: `${path}/requests/{use}`,
      description: 'A certificate request for an authority that does not issue by itself.',
      request: { params: z.object({ use }) },
      responses: {
        200: { description: 'PKCS#10', content: { 'application/x-pem-file': { schema: z.string() } } },
      },
    }),
    async (c) => {
      const wanted = c.req.valid('param').use;
      const request = await desk.request(wanted);
      if (request === undefined) {
        throw new Problem(404, 'request-not-found', `No request for ${wanted} was made yet`);
      }
      const disposition = `attachment; filename="${wanted}.csr.pem"`;
      return c.body(request, 200, {
        'content-type': 'application/x-pem-file',
        'content-disposition': disposition,
      });
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer', 'security-officer', 'system-administrator'),
      method: 'post',
      path: `${path}/certificates`,
      description: 'Brings what the authority made of such a request; the joining goes on with it.',
      request: {
        body: {
          required: true,
          ...json(z.strictObject({ use, certificate: z.string().max(65_536).describe('PEM') })),
        },
      },
      responses: { 204: { description: 'taken' } },
    }),
    async (c) => {
      const { use: wanted, certificate } = c.req.valid('json');
      await desk.bringCertificate(wanted, certificate);
      return c.body(null, 204);
    },
  );
}

type BeginParts = Pick<Begin, 'subsystems' | 'invitation' | 'address' | 'signingToken'>;
function beginOf({ subsystems, invitation, address, signingToken }: BeginParts) {
  return {
    ...{ invitation, address },
    ...(signingToken !== undefined && { signingToken }),
    subsystems: subsystems.map(({ code, name }) => ({ code, ...(name !== undefined && { name }) })),
  };
}

/** Refusals of joining, in its words. */
export function explainJoining(error: unknown): Problem | undefined {
  if (error instanceof InvitationError) {
    const errors = [{ pointer: '/invitation', detail: error.message }];
    return new Problem(422, `invitation-${error.code}`, error.message, { errors });
  }
  if (error instanceof JoinError) {
    return new Problem(
      409,
      error.code === 'wrong-use' ? 'not-joinable' : `join-${error.code}`,
      error.message,
    );
  }
  return undefined;
}
