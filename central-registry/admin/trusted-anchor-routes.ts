import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll } from '../../gateway/http/index.ts';
import {
  listTrustedAnchors,
  putTrustedAnchor,
  removeTrustedAnchor,
  type TrustedAnchor,
} from '../register/index.ts';
import { actOf } from './act.ts';
import type { AdminContext } from './context.ts';
import { codeSchema, done, json, jsonBody } from './schemas.ts';

const trustedAnchorSchema = z
  .object({
    instance: codeSchema,
    generatedAt: z.iso.datetime().optional(),
    sha224: z
      .string()
      .describe('SHA-224 of the uploaded file: compare it with whoever handed the file out, by another way'),
    downloadUrls: z.array(z.string()),
  })
  .openapi('TrustedAnchor');

const uploadSchema = z.object({
  file: z
    .string()
    .max(512 * 1024)
    .describe('the external configuration anchor of another instance: the XML of its file, unchanged'),
});

/** Other instances of a federation, each known by the anchor that it handed out. */
export function addTrustedAnchorRoutes(app: OpenAPIHono, { register }: AdminContext): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/trusted-anchors',
      responses: { 200: { description: 'instances trusted', ...json(z.array(trustedAnchorSchema)) } },
    }),
    async (context) => {
      const anchors = await register.read(listTrustedAnchors);
      return context.json(anchors.map(show), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'post',
      path: '/api/v1/trusted-anchors',
      description:
        'Trusts another instance, or takes its new anchor in place of the former one. Security servers use it only where their own setting `allowed-federations` admits the instance.',
      request: { body: jsonBody(uploadSchema) },
      responses: { 201: { description: 'trusted; published at once', ...json(trustedAnchorSchema) } },
    }),
    async (context) => {
      const file = Buffer.from(context.req.valid('json').file, 'utf8');
      const anchor = await register.change(actOf(context), (book) => putTrustedAnchor(book, file));
      return context.json(show(anchor), 201);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'delete',
      path: '/api/v1/trusted-anchors/{instance}',
      description: 'Own servers forget that instance with the next configuration they fetch.',
      request: { params: z.object({ instance: codeSchema }) },
      responses: done,
    }),
    async (context) => {
      const { instance } = context.req.valid('param');
      await register.change(actOf(context), (book) => removeTrustedAnchor(book, instance));
      return context.body(null, 204);
    },
  );
}

function show({
  instance,
  generatedAt,
  sha224,
  sources,
}: TrustedAnchor): z.infer<typeof trustedAnchorSchema> {
  return {
    instance,
    ...(generatedAt !== undefined && { generatedAt: generatedAt.toISOString() }),
    sha224,
    downloadUrls: sources.map(({ url }) => url),
  };
}
