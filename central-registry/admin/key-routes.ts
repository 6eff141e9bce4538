import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll } from '../../gateway/http/index.ts';
import { activateKey, listKeys } from '../register/index.ts';
import { actOf } from './act.ts';
import type { AdminContext } from './context.ts';
import { certificateSchema, done, json, jsonBody, showCertificate } from './schemas.ts';

const sourceSchema = z.enum(['internal', 'external']).describe('for own servers, or for other instances');

const keySpecSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ec'), curve: z.enum(['P-256', 'P-384']) }),
  z.object({ type: z.literal('rsa'), bits: z.literal([2048, 3072, 4096]) }),
]);

const keySchema = z
  .object({
    keyId: z.string(),
    source: sourceSchema,
    isActive: z.boolean().describe('it signs now'),
    createdAt: z.iso.datetime(),
    certificate: certificateSchema,
  })
  .openapi('ConfigurationKey');

const anchorSchema = z
  .object({
    source: sourceSchema,
    downloadUrl: z.string(),
    sha224: z.string().describe('fingerprint for comparing the file with somebody by telephone'),
    keyIds: z.array(z.string()),
  })
  .openapi('Anchor');

/** Keys that sign the configuration, and the anchors that make others trust them. */
export function addKeyRoutes(
  app: OpenAPIHono,
  { register, anchor, createKey, deleteKey }: AdminContext,
): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/keys',
      responses: { 200: { description: 'all configuration keys', ...json(z.array(keySchema)) } },
    }),
    async (context) => {
      const keys = await register.read(listKeys);
      const shown = keys.map(({ certificate, createdAt, ...rest }) => ({
        ...rest,
        createdAt: createdAt.toISOString(),
        certificate: showCertificate(certificate),
      }));
      return context.json(shown, 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'post',
      path: '/api/v1/keys',
      description:
        'Makes a key in the token and takes it into the anchor. It signs after its activation; until then servers learn of it.',
      request: { body: jsonBody(z.object({ source: sourceSchema, spec: keySpecSchema.optional() })) },
      responses: { 201: { description: 'made', ...json(z.object({ keyId: z.string() })) } },
    }),
    async (context) => {
      const { source, spec } = context.req.valid('json');
      return context.json({ keyId: await createKey(actOf(context), source, spec) }, 201);
    },
  );

  const key = z.object({ keyId: z.string() });
  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'post',
      path: '/api/v1/keys/{keyId}/activation',
      description: 'Lets the key sign from now on; the former one stays in the anchor until it is deleted.',
      request: { params: key },
      responses: done,
    }),
    async (context) => {
      const { keyId } = context.req.valid('param');
      await register.change(actOf(context), (book) => activateKey(book, keyId));
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'delete',
      path: '/api/v1/keys/{keyId}',
      description: 'Takes a key that does not sign out of the anchor and the token.',
      request: { params: key },
      responses: done,
    }),
    async (context) => {
      await deleteKey(actOf(context), context.req.valid('param').keyId);
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/anchors/{source}',
      request: { params: z.object({ source: sourceSchema }) },
      responses: { 200: { description: 'what the anchor says', ...json(anchorSchema) } },
    }),
    async (context) => {
      const { source } = context.req.valid('param');
      const { downloadUrl, sha224, keyIds } = await anchor(source);
      return context.json({ source, downloadUrl, sha224, keyIds: [...keyIds] }, 200);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/anchors/{source}/file',
      description: 'The anchor file to hand to security servers or other instances.',
      request: { params: z.object({ source: sourceSchema }) },
      responses: {
        200: { description: 'the anchor', content: { 'text/xml': { schema: z.string() } } },
      },
    }),
    async (context) => {
      const { source } = context.req.valid('param');
      const { xml } = await anchor(source);
      return context.body(xml.toString('utf8'), 200, {
        'content-type': 'text/xml; charset=UTF-8',
        'content-disposition': `attachment; filename="configuration_anchor_${register.instance}_${source}.xml"`,
      });
    },
  );
}
