import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import {
  buildName,
  type Certificate,
  createRequest,
  parseCertificate,
  toPem,
} from '../../certs/x509/index.ts';
import { allow, allowAll, confirmQuery, Problem, requireConfirmed } from '../../gateway/http/index.ts';
import { createInternalCertificate } from '../internal-tls/index.ts';
import { putCertificateRequest } from '../signer/index.ts';
import { readPem } from './certificate-import.ts';
import { subjectSchema } from './certification-services.ts';
import type { AdminContext } from './context.ts';
import { keyUse } from './key-use.ts';
import { keySpecSchema } from './keys.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const nameSchema = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[A-Za-z0-9.:_-]+$/, 'a host name or IP address is expected');

const internalSchema = z
  .object({
    sha256: z.string(),
    keyId: z.string().optional().describe('absent while its key is not in the software token'),
    subject: z.string(),
    issuer: z.string(),
    names: z.array(z.string()).describe('host names and IP addresses that it is for'),
    notBefore: z.string(),
    notAfter: z.string(),
    isSelfSigned: z.boolean(),
    pem: z.string(),
  })
  .openapi('InternalCertificate');

const path = '/api/v1/internal-certificate';
const needed = {
  code: 'information-systems-need-it',
  text: 'Information systems that know the certificate in use refuse this server until they are given the new one.',
};

/** The key and certificate with which this server meets information systems over HTTPS. */
export function addInternalTlsRoutes(app: OpenAPIHono, context: AdminContext): void {
  const { settings, token, now } = context;

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path,
      responses: { 200: { description: 'in use', ...json(internalSchema) } },
    }),
    (c) => c.json(show(requireInternal(context), context), 200),
  );

  app.openapi(
    createRoute({
      ...allow('security-officer', 'system-administrator'),
      method: 'post',
      path: `${path}/key`,
      description:
        'Makes a new key with a certificate that it signs itself, in use at once; the former key is deleted.',
      request: {
        query: confirmQuery,
        body: {
          required: true,
          ...json(
            z.strictObject({
              spec: keySpecSchema.default({ type: 'ec', curve: 'P-256' }),
              names: z.array(nameSchema).min(1).max(20).default(['localhost', '127.0.0.1']),
            }),
          ),
        },
      },
      responses: { 201: { description: 'in use', ...json(internalSchema) } },
    }),
    async (c) => {
      const { spec, names } = c.req.valid('json');
      requireConfirmed(c.req.valid('query').confirm, [needed]);
      const former = keyOf(requireInternal(context), context);
      const certificate = await createInternalCertificate(token, settings.serverId, names, now(), spec);
      await settings.setInternalCertificate(certificate.der);
      if (former !== undefined) await token.deleteKey(former);
      return c.json(show(certificate, context), 201);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer', 'system-administrator'),
      method: 'post',
      path: `${path}/requests`,
      description: 'A request for a certificate of the key in use, to take to an authority of your own.',
      request: {
        body: {
          required: true,
          ...json(z.strictObject({ subject: subjectSchema, names: z.array(nameSchema).max(20).optional() })),
        },
      },
      responses: { 201: { description: 'PEM', ...json(z.object({ request: z.string() })) } },
    }),
    async (c) => {
      const { subject, names } = c.req.valid('json');
      const certificate = requireInternal(context);
      const keyId = keyOf(certificate, context);
      if (keyId === undefined)
        throw new Problem(409, 'no-such-key', 'The key in use is not in the software token');
      const wanted = { subject: buildName(subject), subjectAltNames: names ?? certificate.subjectAltNames };
      const request = toPem(await createRequest(wanted, token.signingKey(keyId)), 'CERTIFICATE REQUEST');
      const record = { keyId, request, use: 'internal-tls', format: 'PEM', service: undefined } as const;
      await putCertificateRequest(settings.db, { ...record, madeAt: now() });
      return c.json({ request }, 201);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer', 'system-administrator'),
      method: 'put',
      path,
      description: 'Puts a certificate to use that an authority of your own issued for the key.',
      request: {
        query: confirmQuery,
        body: {
          required: true,
          ...json(z.strictObject({ certificate: z.string().max(100_000).describe('PEM, or DER in base64') })),
        },
      },
      responses: { 200: { description: 'in use', ...json(internalSchema) } },
    }),
    async (c) => {
      const certificate = readPem(c.req.valid('json').certificate);
      await requireFitting(certificate, context);
      requireConfirmed(c.req.valid('query').confirm, [needed]);
      await settings.setInternalCertificate(certificate.der);
      return c.json(show(certificate, context), 200);
    },
  );
}

function requireInternal({ settings }: AdminContext): Certificate {
  const der = settings.current().content.internalCertificate;
  if (der === undefined) throw new Error('this server has no internal certificate');
  return parseCertificate(der);
}

function keyOf({ publicKeyInfo }: Certificate, { token }: AdminContext): string | undefined {
  return token.listKeys().find((key) => key.publicKeyInfo.equals(publicKeyInfo))?.id;
}

async function requireFitting(certificate: Certificate, context: AdminContext): Promise<void> {
  const keyId = keyOf(certificate, context);
  if (keyId === undefined) {
    throw new Problem(
      409,
      'no-such-key',
      'Found: a certificate for a key that is not in the software token. Expected: one for the key in use. Have it issued for a request that was made here.',
    );
  }
  const use = await keyUse(context, keyId);
  if (use !== 'internal-tls') {
    throw new Problem(
      409,
      'key-used-otherwise',
      `Found: a certificate for a key that is for ${use ?? 'nothing yet'}. Expected: one for the key with which information systems are met. Have it issued for a request of this page.`,
    );
  }
  const at = context.now();
  const { notBefore, notAfter } = certificate;
  const validity = `from ${notBefore.toISOString()} to ${notAfter.toISOString()}`;
  if (at <= notAfter && at >= notBefore) return;
  const code = at > notAfter ? 'expired' : 'not-yet-valid';
  throw new Problem(
    409,
    code,
    `Found: a certificate that is valid ${validity}. Expected: one that is valid now. Have another one issued, or set the clock of this machine.`,
  );
}

function show(certificate: Certificate, context: AdminContext): z.infer<typeof internalSchema> {
  const { sha256, subject, issuer, subjectAltNames, notBefore, notAfter, pem } = certificate;
  const keyId = keyOf(certificate, context);
  return {
    sha256: sha256.toString('hex'),
    ...(keyId !== undefined && { keyId }),
    ...{ subject: subject.describe(), issuer: issuer.describe(), names: [...subjectAltNames] },
    ...{ notBefore: notBefore.toISOString(), notAfter: notAfter.toISOString() },
    isSelfSigned: subject.der.equals(issuer.der),
    pem,
  };
}
