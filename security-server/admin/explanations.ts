import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow } from '../../gateway/http/index.ts';
import { parseEncodedServer, printEncoded } from '../../gateway/identifier/index.ts';
import { type Explanation, explainCall, menders, stepIds } from '../explain/index.ts';
import type { OperationalRecord } from '../monitoring/index.ts';
import { serviceIdOf } from '../settings/index.ts';
import { requireAuditor } from './auditor-access.ts';
import type { AdminContext } from './context.ts';
import { clientIdSchema, readClientId } from './schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
/** Those who can mend what refuses, or ask who can. */
const readers = [
  'service-administrator',
  'security-officer',
  'registration-officer',
  'system-administrator',
] as const;

/** Exchanges of one message id that are explained: clients may use one for many. */
const maxExplained = 10;

const callSchema = z
  .strictObject({
    protocol: z.enum(['rest', 'soap']).default('rest'),
    client: clientIdSchema.max(2_000),
    provider: clientIdSchema.max(2_000),
    serviceCode: z.string().min(1).max(255).openapi({ example: 'register' }),
    serviceVersion: z.string().min(1).max(255).optional(),
    method: z
      .string()
      .regex(/^[A-Za-z]{1,20}$/, 'an HTTP method is expected')
      .default('GET'),
    path: z
      .string()
      .max(4_000)
      .default('')
      .describe('of REST, as it is sent behind the service code: empty or /…')
      .openapi({ example: '/persons/P-1001' }),
    securityServer: z.string().max(2_000).optional().describe('the one server it is for, encoded'),
    isSecure: z
      .boolean()
      .optional()
      .describe('how the information system connects; left out: as its connection type demands'),
    entersHere: z
      .boolean()
      .optional()
      .describe(
        'whether the information system calls this server; left out: when the client is one of its own',
      ),
  })
  .openapi('HypotheticalCall');

const explanationSchema = z
  .object({
    isAllowed: z.boolean().describe('every decision of this server lets it pass'),
    isProviderHere: z.boolean().describe('otherwise the provider’s server decides about access'),
    code: z.string().optional().describe('of the refusal, as the caller is told it'),
    steps: z.array(
      z.object({
        id: z.enum(stepIds),
        side: z.enum(['client', 'provider']),
        state: z.enum(['passed', 'refused', 'not-reached']),
        code: z.string().optional(),
        text: z.string().optional(),
        saw: z.array(z.tuple([z.string(), z.string()])),
        mender: z.enum(menders).optional().describe('who can mend it'),
        href: z.string().optional().describe('page of the console where it is mended'),
      }),
    ),
  })
  .openapi('Explanation');

const pastSchema = z
  .object({
    messageId: z.string(),
    exchanges: z.array(
      z.object({
        side: z.enum(['client', 'provider']),
        at: z.string(),
        client: z.string(),
        provider: z.string(),
        serviceCode: z.string(),
        serviceVersion: z.string().optional(),
        method: z.string().optional(),
        path: z.string().optional(),
        succeeded: z.boolean(),
        statusCode: z.number().int().optional(),
        code: z.string().optional().describe('of the fault it ended with'),
        text: z.string().optional(),
        now: explanationSchema.describe('what would be decided about the same call now'),
      }),
    ),
  })
  .openapi('ExplainedMessage');

/** Why calls pass or do not. */
export function addExplanationRoutes(app: OpenAPIHono, context: AdminContext): void {
  app.openapi(
    createRoute({
      ...allow(...readers),
      method: 'post',
      path: '/api/v1/explanations',
      description:
        'What this server would decide about a call now, decision by decision, with what each looks at. Nothing is ' +
        'sent, counted or recorded.',
      request: { body: { required: true, ...json(callSchema) } },
      responses: { 200: { description: 'the decisions', ...json(explanationSchema) } },
    }),
    async (c) => {
      const { client, provider, serviceCode, serviceVersion, securityServer, isSecure, entersHere, ...call } =
        c.req.valid('json');
      const explanation = await explainCall(
        {
          ...call,
          client: readClientId(client),
          service: serviceIdOf(readClientId(provider), serviceCode, serviceVersion),
          ...(securityServer !== undefined && { securityServer: parseEncodedServer(securityServer) }),
          ...(isSecure !== undefined && { isSecure }),
          ...(entersHere !== undefined && { entersHere }),
        },
        context.explain,
      );
      return c.json(show(explanation), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow(...readers),
      method: 'get',
      path: '/api/v1/explanations/{messageId}',
      description:
        'How the last ten exchanges under a message id ended here, and what would be decided about the same call now. ' +
        'Kept as long as operational data are. Who asks stands in the audit log.',
      request: { params: z.object({ messageId: z.string().min(1).max(1_024) }) },
      responses: { 200: { description: 'none, or how they ended', ...json(pastSchema) } },
    }),
    async (c) => {
      const { messageId } = c.req.valid('param');
      // The path that was called may say of whom: that it is read stands in the audit log, as of a message.
      await requireAuditor(c, context, { action: 'exchange.explain', target: messageId });
      const records = context.operations(messageId).slice(0, maxExplained);
      const exchanges = [];
      for (const record of records) exchanges.push(await explainRecord(record, context));
      return c.json({ messageId, exchanges }, 200);
    },
  );
}

async function explainRecord(record: OperationalRecord, context: AdminContext) {
  const client = partyOf(
    record.clientXRoadInstance,
    record.clientMemberClass,
    record.clientMemberCode,
    record.clientSubsystemCode,
  );
  const provider = partyOf(
    record.serviceXRoadInstance,
    record.serviceMemberClass,
    record.serviceMemberCode,
    record.serviceSubsystemCode,
  );
  const { serviceCode, serviceVersion, restMethod, restPath, faultCode, faultString, statusCode } = record;
  const now = await explainCall(
    {
      ...{ protocol: restMethod === undefined ? 'soap' : 'rest', client },
      service: serviceIdOf(provider, serviceCode, serviceVersion),
      ...{ method: restMethod ?? 'POST', path: restPath ?? '' },
      entersHere: record.securityServerType === 'Client',
    },
    context.explain,
  );
  return {
    side: record.securityServerType === 'Client' ? ('client' as const) : ('provider' as const),
    at: new Date(record.requestInTs).toISOString(),
    ...{ client: printEncoded(client), provider: printEncoded(provider), serviceCode },
    ...(serviceVersion !== undefined && { serviceVersion }),
    ...(restMethod !== undefined && { method: restMethod }),
    ...(restPath !== undefined && { path: restPath }),
    succeeded: record.succeeded,
    ...(statusCode !== undefined && { statusCode }),
    ...(faultCode !== undefined && { code: faultCode }),
    ...(faultString !== undefined && { text: faultString }),
    now: show(now),
  };
}

function partyOf(instance: string, memberClass: string, memberCode: string, subsystemCode?: string) {
  const member = { instance, memberClass, memberCode };
  return subsystemCode === undefined
    ? ({ kind: 'MEMBER', ...member } as const)
    : ({ kind: 'SUBSYSTEM', ...member, subsystemCode } as const);
}

function show({ steps, ...rest }: Explanation) {
  return {
    ...rest,
    steps: steps.map(({ saw, ...step }) => ({
      ...step,
      saw: saw.map(([name, value]): [string, string] => [name, value]),
    })),
  };
}
