import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { buildName, createRequest, toPem } from '../../certs/x509/index.ts';
import { allow, allowAll, Problem } from '../../gateway/http/index.ts';
import { certificateRequests, putCertificateRequest } from '../signer/index.ts';
import { chosenSubject, proposeRequest, subjectSchema, wantedSchema } from './certification-services.ts';
import type { AdminContext } from './context.ts';
import { keyUse } from './key-use.ts';
import { requireKey } from './keys.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const keyParameter = z.object({ key: z.string().max(200) });

const orderSchema = wantedSchema
  .partial()
  .extend({
    service: z
      .string()
      .max(255)
      .optional()
      .describe('certification service, by whose profile the subject is written'),
    subject: subjectSchema.optional().describe('in place of what the profile says; needed without a service'),
    subjectAltNames: z.array(z.string().max(255)).max(20).optional(),
  })
  .openapi('CertificateRequestOrder');

const requestSchema = z
  .object({
    request: z.string().describe('PEM'),
    format: z.enum(['PEM', 'DER']).describe('in which the certification service wants it'),
    service: z.string().optional(),
    use: z.enum(['signing', 'authentication', 'internal-tls']).optional(),
    madeAt: z.string(),
  })
  .openapi('CertificateRequest');

/** Requests for certificates of keys. */
export function addKeyRequestRoutes(app: OpenAPIHono, context: AdminContext): void {
  const { settings } = context;

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'post',
      path: '/api/v1/keys/{key}/requests',
      description:
        'A certificate signing request to take to a certification authority: with a subject of your own, or for a ' +
        'service, by its certificate profile.',
      request: { params: keyParameter, body: { required: true, ...json(orderSchema) } },
      responses: { 201: { description: 'made', ...json(requestSchema) } },
    }),
    async (c) => {
      const { use, service, member, address, subject: given, subjectAltNames } = c.req.valid('json');
      const { token, keyId } = requireKey(context, c.req.valid('param').key);
      const known = await keyUse(context, keyId);
      if (use !== undefined && known !== undefined && known !== use) {
        throw new Problem(409, 'key-used-otherwise', `This key is for ${known}: make another one for ${use}`);
      }
      if (use === 'authentication' && token !== context.token) {
        const detail =
          'A key for authentication is kept in the software token: a handshake cannot wait for a device';
        throw new Problem(409, 'authentication-key-in-device', detail);
      }
      if (service !== undefined && use === undefined) {
        throw new Problem(422, 'use-needed', 'What the certificate is for is expected with the service: use');
      }
      const proposal =
        service === undefined || use === undefined
          ? { subject: {}, subjectAltNames: [], format: 'PEM' as const }
          : proposeRequest(context, service, {
              use,
              ...(member !== undefined && { member }),
              ...(address !== undefined && { address }),
            });
      const der = await createRequest(
        {
          subject: buildName(chosenSubject(proposal.subject, given)),
          subjectAltNames: subjectAltNames ?? proposal.subjectAltNames,
        },
        token.signingKey(keyId),
      );
      const record = {
        ...{ keyId, use, service, format: proposal.format, madeAt: context.now() },
        request: toPem(der, 'CERTIFICATE REQUEST'),
      };
      await putCertificateRequest(settings.db, record);
      return c.json(show(record), 201);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/keys/{key}/requests',
      description: 'The last request that was made for the key, until a certificate came.',
      request: { params: keyParameter },
      responses: { 200: { description: 'none, or one', ...json(z.array(requestSchema)) } },
    }),
    async (c) => {
      const { keyId } = requireKey(context, c.req.valid('param').key);
      const record = (await certificateRequests(settings.db)).get(keyId);
      return c.json(record === undefined ? [] : [show(record)], 200);
    },
  );
}

function show({
  request,
  format,
  service,
  use,
  madeAt,
}: Parameters<typeof putCertificateRequest>[1]): z.infer<typeof requestSchema> {
  return {
    ...{ request, format, madeAt: madeAt.toISOString() },
    ...(service !== undefined && { service }),
    ...(use !== undefined && { use }),
  };
}
