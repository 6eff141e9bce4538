import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { type KeyInfo, type Token, TokenError } from '../../certs/token/index.ts';
import {
  buildName,
  createRequest,
  isSameCertificate,
  parseCertificate,
  toPem,
} from '../../certs/x509/index.ts';
import { allow, allowAll, confirmQuery, Problem, requireConfirmed } from '../../gateway/http/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import { issuersOf, memberOfSigningCertificate, purposeOf } from '../../gateway/trust/index.ts';
import {
  type OwnCertificate,
  ownCertificates,
  putOwnCertificate,
  removeOwnCertificate,
} from '../signer/index.ts';
import type { AdminContext } from './context.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const done = { 204: { description: 'in force' } } as const;

const keySpecSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ec'), curve: z.enum(['P-256', 'P-384']) }),
  z.object({ type: z.literal('rsa'), bits: z.union([z.literal(2048), z.literal(3072), z.literal(4096)]) }),
]);
const keySchema = z
  .object({
    id: z.string(),
    label: z.string(),
    spec: keySpecSchema,
    tokenId: z.string().describe('of the token that has it'),
    createdAt: z.string().optional().describe('unknown of keys in devices'),
  })
  .openapi('Key');
const newKeySchema = z.object({
  label: z.string(),
  spec: keySpecSchema,
  tokenId: z
    .string()
    .default('software')
    .describe('of the token to make it in; keys for authentication: software'),
});
const attribute = z.string().min(1).max(200).optional();
export const subjectSchema = z.object({
  C: attribute,
  O: attribute,
  OU: attribute,
  CN: attribute,
  serialNumber: attribute,
  businessCategory: attribute,
  organizationIdentifier: attribute,
});
const certificateSchema = z
  .object({
    sha256: z.string(),
    use: z.enum(['signing', 'authentication']),
    keyId: z.string(),
    subject: z.string(),
    issuer: z.string(),
    member: z.string().optional(),
    notAfter: z.string(),
    isActive: z.boolean(),
    statusValidUntil: z.string().optional().describe('until when the OCSP response at hand is good'),
  })
  .openapi('OwnCertificate');
const certificateParameter = z.object({ sha256: z.string() });

/** Keys of the token, requests for certificates, and the certificates that came. */
export function addKeyRoutes(app: OpenAPIHono, context: AdminContext): void {
  const { tokens, signer, settings } = context;

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/keys',
      responses: { 200: { description: 'keys of all tokens', ...json(z.array(keySchema)) } },
    }),
    (c) =>
      c.json(
        tokens.all().flatMap(({ token }) => token?.listKeys().map((key) => showKey(key, token)) ?? []),
        200,
      ),
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'post',
      path: '/api/v1/keys',
      request: { body: { required: true, ...json(newKeySchema) } },
      responses: { 201: { description: 'made', ...json(keySchema) } },
    }),
    async (c) => {
      const { label, spec, tokenId } = c.req.valid('json');
      const token = requireToken(context, tokenId);
      return c.json(showKey(await token.generateKey(spec, label), token), 201);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'post',
      path: '/api/v1/keys/{key}/requests',
      description: 'A certificate signing request to take to a certification authority.',
      request: {
        params: z.object({ key: z.string() }),
        body: {
          required: true,
          ...json(z.object({ subject: subjectSchema, subjectAltNames: z.array(z.string()).optional() })),
        },
      },
      responses: { 201: { description: 'PEM', ...json(z.object({ request: z.string() })) } },
    }),
    async (c) => {
      const { subject, subjectAltNames = [] } = c.req.valid('json');
      const { token, keyId } = requireKey(context, c.req.valid('param').key);
      const key = token.signingKey(keyId);
      const der = await createRequest({ subject: buildName(subject), subjectAltNames }, key);
      return c.json({ request: toPem(der, 'CERTIFICATE REQUEST') }, 201);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/certificates',
      responses: { 200: { description: 'certificates of this server', ...json(z.array(certificateSchema)) } },
    }),
    async (c) => {
      const all = await ownCertificates(settings.db);
      return c.json(
        all.map((own) => show(own, signer.statusOf(own)?.validUntil)),
        200,
      );
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'post',
      path: '/api/v1/certificates',
      description: 'Takes in a certificate that an authority issued for a key of the token.',
      request: {
        body: {
          required: true,
          ...json(z.object({ certificate: z.string(), intermediates: z.array(z.string()).optional() })),
        },
      },
      responses: { 201: { description: 'in use', ...json(certificateSchema) } },
    }),
    async (c) => {
      const { certificate, intermediates = [] } = c.req.valid('json');
      const own = await takeInCertificate(context, certificate, intermediates);
      return c.json(show(own, signer.statusOf(own)?.validUntil), 201);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'put',
      path: '/api/v1/certificates/{sha256}/activity',
      request: {
        params: certificateParameter,
        body: { required: true, ...json(z.object({ isActive: z.boolean() })) },
      },
      responses: done,
    }),
    async (c) => {
      const own = await requireCertificate(context, c.req.valid('param').sha256);
      await putOwnCertificate(settings.db, { ...own, isActive: c.req.valid('json').isActive });
      await context.reloadCertificates();
      return c.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'delete',
      path: '/api/v1/certificates/{sha256}',
      description: 'The last one in use for its purpose goes after that was confirmed.',
      request: { params: certificateParameter, query: confirmQuery },
      responses: done,
    }),
    async (c) => {
      const { sha256 } = c.req.valid('param');
      const own = await requireCertificate(context, sha256);
      requireConfirmed(c.req.valid('query').confirm, warnOfLast(own, await ownCertificates(settings.db)));
      await removeOwnCertificate(settings.db, sha256);
      await context.reloadCertificates();
      return c.body(null, 204);
    },
  );
}

/**
 * Puts to use what an authority issued for a key of the token.
 * @param expected what it has to be for; undefined: signing or authentication
 * @throws Problem when it is for no key here, for another purpose, or of no approved authority
 */
export async function takeInCertificate(
  context: AdminContext,
  pem: string,
  intermediates: readonly string[],
  expected?: OwnCertificate['use'],
): Promise<OwnCertificate> {
  const own = readOwnCertificate(pem, intermediates, context);
  if (expected !== undefined && own.use !== expected) {
    const detail = `The certificate is for ${own.use}; one for ${expected} was asked for`;
    throw new Problem(409, 'other-purpose', detail);
  }
  await putOwnCertificate(context.settings.db, own);
  await context.reloadCertificates();
  return own;
}

function showKey({ id, label, spec, createdAt }: KeyInfo, { id: tokenId }: Token): z.infer<typeof keySchema> {
  return { id, label, spec, tokenId, ...(createdAt !== undefined && { createdAt: createdAt.toISOString() }) };
}

/** @throws Problem 404 unknown-token for one that is not there, or away */
export function requireToken({ tokens }: Pick<AdminContext, 'tokens'>, tokenId: string): Token {
  const token = tokens.get(tokenId);
  if (token === undefined) throw new Problem(404, 'unknown-token', `There is no token ${tokenId} here now`);
  return token;
}

/** @throws TokenError key-not-found */
function requireKey(
  { tokens }: AdminContext,
  keyId: string,
): { readonly token: Token; readonly keyId: string } {
  const found = tokens.withKey(keyId);
  if (found === undefined)
    throw new TokenError('key-not-found', `No token of this server has a key ${keyId}`);
  return found;
}

/** @throws Problem when the certificate is for no key here, for no purpose here, or of no approved authority */
function readOwnCertificate(
  pem: string,
  intermediates: readonly string[],
  context: AdminContext,
): OwnCertificate {
  const certificate = parseCertificate(Buffer.from(pem));
  const key = context.tokens.withKey(certificate.publicKeyInfo);
  if (key === undefined) {
    throw new Problem(
      409,
      'no-such-key',
      'The certificate is for a key that is in no token of this server that is there',
    );
  }
  const use = purposeOf(certificate);
  if (use === undefined) {
    const detail =
      'The certificate must be for signing (nonRepudiation) or for authentication, and not for both';
    throw new Problem(409, 'no-single-purpose', detail);
  }
  if (use === 'authentication' && key.token !== context.token) {
    const detail =
      'A key for authentication is kept in the software token: a handshake cannot wait for a device';
    throw new Problem(409, 'authentication-key-in-device', detail);
  }
  const configuration = context.configuration();
  const { instance } = configuration;
  const [authority] = issuersOf(certificate, instance, configuration);
  if (authority === undefined) {
    throw new Problem(
      409,
      'authority-not-approved',
      `${certificate.issuer} is not an approved authority of ${instance}`,
    );
  }
  const own = {
    use,
    tokenId: key.token.id,
    keyId: key.keyId,
    certificate,
    intermediates: intermediates
      .map((text) => parseCertificate(Buffer.from(text)))
      .filter((one) => !isSameCertificate(one, authority.certificate)),
    isActive: true,
  } as const;
  if (use === 'authentication') return own;
  return { ...own, member: memberOfSigningCertificate(certificate, authority.profile, instance) };
}

async function requireCertificate({ settings }: AdminContext, sha256: string): Promise<OwnCertificate> {
  const own = (await ownCertificates(settings.db)).find(
    ({ certificate }) => certificate.sha256.toString('hex') === sha256,
  );
  if (own === undefined)
    throw new Problem(404, 'unknown-certificate', `There is no certificate ${sha256} here`);
  return own;
}

/** What the server can do no more without a certificate, for whoever removes it to confirm. */
function warnOfLast(own: OwnCertificate, all: readonly OwnCertificate[]): { code: string; text: string }[] {
  const memberOf = ({ member }: OwnCertificate) => (member === undefined ? '' : printEncoded(member));
  const hasAnother = all.some(
    (one) =>
      one.isActive &&
      one.use === own.use &&
      memberOf(one) === memberOf(own) &&
      !isSameCertificate(one.certificate, own.certificate),
  );
  if (!own.isActive || hasAnother) return [];
  const text =
    own.use === 'authentication'
      ? 'No other certificate is active with which this server meets others: exchanges end.'
      : `No other certificate is active with which ${memberOf(own)} signs here: its exchanges end.`;
  return [{ code: 'last-active-certificate', text }];
}

function show(own: OwnCertificate, statusValidUntil: Date | undefined): z.infer<typeof certificateSchema> {
  const { certificate, use, keyId, member, isActive } = own;
  return {
    sha256: certificate.sha256.toString('hex'),
    use,
    keyId,
    subject: certificate.subject.describe(),
    issuer: certificate.issuer.describe(),
    ...(member !== undefined && { member: printEncoded(member) }),
    notAfter: certificate.notAfter.toISOString(),
    isActive,
    ...(statusValidUntil !== undefined && { statusValidUntil: statusValidUntil.toISOString() }),
  };
}
