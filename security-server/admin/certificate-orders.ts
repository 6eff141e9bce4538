import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { buildName, createRequest } from '../../certs/x509/index.ts';
import { allow, Problem } from '../../gateway/http/index.ts';
import { acmeAuthorities, type OrderView } from '../acme/index.ts';
import { takeInCertificate } from './certificate-import.ts';
import { subjectSchema } from './certification-services.ts';
import type { AdminContext } from './context.ts';
import { requireKey } from './keys.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });

const orderSchema = z
  .strictObject({
    use: z.enum(['signing', 'authentication']),
    subject: subjectSchema,
    address: z.string().min(1).max(255).describe('host name or IP address of this server, which it proves'),
    authority: z
      .string()
      .max(255)
      .optional()
      .describe('name of the certification service; the first that fits unless told'),
  })
  .openapi('CertificateOrder');

const viewSchema = z
  .object({
    state: z
      .enum(['under-way', 'issued', 'delayed', 'failed'])
      .describe('issued: in use; delayed: ask again after retryAt; failed: somebody has to act'),
    code: z.string().optional(),
    detail: z.string(),
    remedy: z.string().optional(),
    retryAt: z.string().optional(),
  })
  .openapi('CertificateOrderState');

/** How long an answer waits for the end of an order. */
const waitMs = 5_000;

/** Certificates ordered from an approved authority over ACME, and taken in. */
export function addCertificateOrderRoutes(app: OpenAPIHono, context: AdminContext): void {
  const { orders } = context;

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'post',
      path: '/api/v1/keys/{key}/orders',
      description:
        'Orders a certificate for a key and takes it in when it is issued; asked again, says how far that is.',
      request: {
        params: z.object({ key: z.string() }),
        body: { required: true, ...json(orderSchema) },
      },
      responses: { 200: { description: 'how far it is', ...json(viewSchema) } },
    }),
    async (c) => {
      const { use, subject, address, authority: name } = c.req.valid('json');
      const { token, keyId, publicKeyInfo } = requireKey(context, c.req.valid('param').key);
      const signingKey = token.signingKey(keyId);
      const { directoryUrl, profile, verifiesFrom } = requireAuthority(context, use, name);
      const view = await orders.order(
        {
          ...{ keyId, publicKeyInfo, directoryUrl, profile, verifiesFrom, address },
          request: () =>
            createRequest({ subject: buildName(subject), subjectAltNames: [address] }, signingKey),
          takeIn: async ({ certificate, intermediates }) => {
            const chain = intermediates.map(({ pem }) => pem);
            await takeInCertificate(context, certificate.pem, chain, use);
          },
        },
        waitMs,
      );
      return c.json(show(view), 200);
    },
  );
}

function requireAuthority({ configuration }: AdminContext, use: 'signing' | 'authentication', name?: string) {
  const current = configuration();
  const { instance } = current;
  const all = acmeAuthorities(current.shared(instance), use);
  const found = name === undefined ? all[0] : all.find((one) => one.name === name);
  if (found !== undefined) return found;
  const which = name === undefined ? 'no approved authority' : `no approved authority called '${name}'`;
  throw new Problem(
    409,
    'no-acme-authority',
    `In ${instance} ${which} issues certificates for ${use} over ACME: take a request to one, or ask the registry`,
  );
}

function show(view: OrderView): z.infer<typeof viewSchema> {
  if (view.state === 'under-way') return view;
  if (view.state === 'issued') {
    return { state: 'issued', detail: `${view.certificate.subject.describe()} is in use` };
  }
  const { retryAt, ...rest } = view;
  return { ...rest, ...(retryAt !== undefined && { retryAt: retryAt.toISOString() }) };
}
