import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { type KeyInfo, type Token, TokenError } from '../../certs/token/index.ts';
import {
  allow,
  allowAll,
  confirmQuery,
  lineSchema,
  Problem,
  requireConfirmed,
} from '../../gateway/http/index.ts';
import {
  type OwnCertificate,
  ownCertificates,
  removeCertificateRequest,
  removeOwnCertificate,
} from '../signer/index.ts';
import { warnOfRemoval } from './certificates.ts';
import type { AdminContext } from './context.ts';
import { type KeyUse, keyUse, keyUses } from './key-use.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });

export const keySpecSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ec'), curve: z.enum(['P-256', 'P-384']) }),
  z.object({ type: z.literal('rsa'), bits: z.union([z.literal(2048), z.literal(3072), z.literal(4096)]) }),
]);
const keySchema = z
  .object({
    id: z.string(),
    label: z.string(),
    spec: keySpecSchema,
    tokenId: z.string().describe('of the token that has it'),
    use: z
      .enum(['signing', 'authentication', 'internal-tls'])
      .optional()
      .describe('what a certificate was issued or asked for; absent: it is for nothing yet'),
    certificates: z.array(z.string()).describe('SHA-256 of those that this server has for it'),
    createdAt: z.string().optional().describe('unknown of keys in devices'),
  })
  .openapi('Key');
const newKeySchema = z.object({
  label: lineSchema(200),
  spec: keySpecSchema,
  tokenId: z
    .string()
    .default('software')
    .describe('of the token to make it in; keys for authentication: software'),
});
const keyParameter = z.object({ key: z.string().max(200) });

/** Keys of the tokens. */
export function addKeyRoutes(app: OpenAPIHono, context: AdminContext): void {
  const { tokens, settings } = context;

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/keys',
      description: 'Devices show their keys while they are signed in.',
      responses: { 200: { description: 'keys of all tokens', ...json(z.array(keySchema)) } },
    }),
    async (c) => {
      const known = { uses: await keyUses(context), certificates: await ownCertificates(settings.db) };
      const all = tokens.all().flatMap(({ token }) => token?.listKeys().map((key) => ({ key, token })) ?? []);
      return c.json(
        all.map(({ key, token }) => show(key, token, known)),
        200,
      );
    },
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
      const made = await token.generateKey(spec, label);
      return c.json(show(made, token, { uses: new Map(), certificates: [] }), 201);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'delete',
      path: '/api/v1/keys/{key}',
      description: 'For ever, and its certificates with it. What is in use goes after that was confirmed.',
      request: { params: keyParameter, query: confirmQuery },
      responses: { 204: { description: 'gone' } },
    }),
    async (c) => {
      const { token, keyId } = requireKey(context, c.req.valid('param').key);
      // Before its certificates go, or they would be gone and the key still there.
      if (!token.isActive()) {
        throw new TokenError('not-active', `Token '${token.label}' is not signed in: enter its PIN`);
      }
      if ((await keyUse(context, keyId)) === 'internal-tls') {
        const detail = 'Information systems are met with this key: make a new one for internal TLS first';
        throw new Problem(409, 'key-in-use', detail);
      }
      const going = (await ownCertificates(settings.db)).filter((own) => own.keyId === keyId);
      requireConfirmed(c.req.valid('query').confirm, await warnOfKey(context, going));
      for (const { certificate } of going) {
        await removeOwnCertificate(settings.db, certificate.sha256.toString('hex'));
      }
      await removeCertificateRequest(settings.db, keyId);
      await context.reloadCertificates();
      await token.deleteKey(keyId);
      return c.body(null, 204);
    },
  );
}

async function warnOfKey(context: AdminContext, going: readonly OwnCertificate[]) {
  if (going.length === 0) return [];
  const names = going.map(({ certificate }) => certificate.serialNumber.toString(16)).join(', ');
  const text = `Its certificates are worth nothing without it and go as well: ${names}.`;
  return [{ code: 'certificates-go', text }, ...(await warnOfRemoval(context, going))];
}

interface KnownOfKeys {
  readonly uses: ReadonlyMap<string, KeyUse>;
  readonly certificates: readonly OwnCertificate[];
}

function show(
  { id, label, spec, createdAt }: KeyInfo,
  { id: tokenId }: Token,
  { uses, certificates }: KnownOfKeys,
): z.infer<typeof keySchema> {
  const use = uses.get(id);
  return {
    ...{ id, label, spec, tokenId },
    ...(use !== undefined && { use }),
    certificates: certificates
      .filter(({ keyId }) => keyId === id)
      .map(({ certificate }) => certificate.sha256.toString('hex')),
    ...(createdAt !== undefined && { createdAt: createdAt.toISOString() }),
  };
}

/** @throws Problem 404 unknown-token for one that is not there, or away */
export function requireToken({ tokens }: Pick<AdminContext, 'tokens'>, tokenId: string): Token {
  const token = tokens.get(tokenId);
  if (token === undefined) throw new Problem(404, 'unknown-token', `There is no token ${tokenId} here now`);
  return token;
}

/** @throws TokenError key-not-found */
export function requireKey(
  { tokens }: Pick<AdminContext, 'tokens'>,
  keyId: string,
): { readonly token: Token; readonly keyId: string; readonly publicKeyInfo: Buffer } {
  const found = tokens.withKey(keyId);
  const info = found?.token.listKeys().find(({ id }) => id === found.keyId);
  if (found === undefined || info === undefined)
    throw new TokenError('key-not-found', `No token of this server has a key ${keyId}`);
  return { ...found, publicKeyInfo: info.publicKeyInfo };
}
