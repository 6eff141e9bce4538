import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, confirmQuery, requireConfirmed } from '../../gateway/http/index.ts';
import {
  type Authority,
  addCertificationService,
  addTimestampingService,
  type Book,
  type CertificationService,
  changeCertificationService,
  changeTimestampingService,
  type Kept,
  listCertificationServices,
  listTimestampingServices,
  removeCertificationService,
  removeTimestampingService,
  type TimestampingService,
} from '../register/index.ts';
import { actOf } from './act.ts';
import type { AdminContext } from './context.ts';
import {
  certificateSchema,
  done,
  json,
  jsonBody,
  readPem,
  requireOne,
  showCertificate,
  withoutUndefined,
} from './schemas.ts';
import { warnOfUse } from './trust-service-warnings.ts';

const costTypeSchema = z
  .enum(['FREE', 'PAID', 'UNDEFINED'])
  .optional()
  .describe('whether its use costs money; published in version 6');

const acmeSchema = z
  .object({
    directoryUrl: z.string(),
    ipAddress: z
      .string()
      .optional()
      .describe('addresses, separated by commas, from which it verifies host names'),
    authenticationCertificateProfileId: z.string().optional(),
    signingCertificateProfileId: z.string().optional(),
  })
  .describe('where certificates are ordered without hands (RFC 8555); published from version 3')
  .openapi('AcmeServer');

const authoritySchema = z
  .object({
    certificate: certificateSchema,
    ocspResponders: z.array(
      z.object({
        url: z.string(),
        certificate: certificateSchema
          .optional()
          .describe('needed when the authority itself did not issue it'),
        costType: costTypeSchema,
      }),
    ),
  })
  .openapi('Authority');

const certificationSchema = z
  .object({
    name: z.string(),
    profile: z.string().describe('rule from certificate subject to member, by the name peers know'),
    authenticationOnly: z.boolean().default(false),
    defaultCsrFormat: z.enum(['PEM', 'DER']).optional().describe('of requests; published in version 6'),
    acmeServer: acmeSchema.optional(),
    top: authoritySchema,
    intermediates: z.array(authoritySchema).max(20).default([]),
  })
  .openapi('CertificationService');

const timestampingSchema = z
  .object({ name: z.string(), url: z.string(), certificate: certificateSchema, costType: costTypeSchema })
  .openapi('TimestampingService');

const entrySchema = z.object({ entryId: z.uuid() });
const added = { 201: { description: 'registered; published at once', ...json(entrySchema) } } as const;

/** Certification and timestamping services that the instance trusts. */
export function addTrustServiceRoutes(app: OpenAPIHono, { register }: AdminContext): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/certification-services',
      responses: {
        200: {
          description: 'all certification services',
          ...json(z.array(certificationSchema.extend(entrySchema.shape))),
        },
      },
    }),
    async (context) => {
      return context.json(
        (await register.read(listCertificationServices)).map(showCertificationService),
        200,
      );
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/certification-services/{entryId}',
      request: { params: entrySchema },
      responses: {
        200: {
          description: 'one certification service',
          ...json(certificationSchema.extend(entrySchema.shape)),
        },
      },
    }),
    async (context) => {
      const { entryId } = context.req.valid('param');
      const service = await register.read((book) => findCertificationService(book, entryId));
      return context.json(showCertificationService(service), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'post',
      path: '/api/v1/certification-services',
      request: { body: jsonBody(certificationSchema) },
      responses: added,
    }),
    async (context) => {
      const service = readCertificationService(context.req.valid('json'));
      const entryId = await register.change(actOf(context), (book) => addCertificationService(book, service));
      return context.json({ entryId }, 201);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'put',
      path: '/api/v1/certification-services/{entryId}',
      description:
        'When servers have certificates of an authority that it names no more, that is confirmed first.',
      request: { params: entrySchema, query: confirmQuery, body: jsonBody(certificationSchema) },
      responses: done,
    }),
    async (context) => {
      const { entryId } = context.req.valid('param');
      const { confirm } = context.req.valid('query');
      const service = readCertificationService(context.req.valid('json'));
      await register.change(actOf(context), async (book) => {
        const former = await findCertificationService(book, entryId);
        await changeCertificationService(book, { ...service, entryId });
        requireConfirmed(confirm, await warnOfUse(book, former, service));
      });
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'delete',
      path: '/api/v1/certification-services/{entryId}',
      description:
        'Certificates it issued are trusted no more; when servers have some, that is confirmed first.',
      request: { params: entrySchema, query: confirmQuery },
      responses: done,
    }),
    async (context) => {
      const { entryId } = context.req.valid('param');
      const { confirm } = context.req.valid('query');
      await register.change(actOf(context), async (book) => {
        requireConfirmed(confirm, await warnOfUse(book, await findCertificationService(book, entryId)));
        await removeCertificationService(book, entryId);
      });
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/timestamping-services',
      responses: {
        200: {
          description: 'all timestamping services',
          ...json(z.array(timestampingSchema.extend(entrySchema.shape))),
        },
      },
    }),
    async (context) => {
      return context.json((await register.read(listTimestampingServices)).map(showTimestampingService), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/timestamping-services/{entryId}',
      request: { params: entrySchema },
      responses: {
        200: {
          description: 'one timestamping service',
          ...json(timestampingSchema.extend(entrySchema.shape)),
        },
      },
    }),
    async (context) => {
      const { entryId } = context.req.valid('param');
      const all = await register.read(listTimestampingServices);
      return context.json(
        showTimestampingService(requireOne(all, (one) => one.entryId === entryId, entryId)),
        200,
      );
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'post',
      path: '/api/v1/timestamping-services',
      request: { body: jsonBody(timestampingSchema) },
      responses: added,
    }),
    async (context) => {
      const { certificate, ...rest } = context.req.valid('json');
      const service = { ...withoutUndefined(rest), certificate: readPem(certificate) };
      const entryId = await register.change(actOf(context), (book) => addTimestampingService(book, service));
      return context.json({ entryId }, 201);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'put',
      path: '/api/v1/timestamping-services/{entryId}',
      request: { params: entrySchema, body: jsonBody(timestampingSchema) },
      responses: done,
    }),
    async (context) => {
      const { entryId } = context.req.valid('param');
      const { certificate, ...rest } = context.req.valid('json');
      const service = { ...withoutUndefined(rest), entryId, certificate: readPem(certificate) };
      await register.change(actOf(context), (book) => changeTimestampingService(book, service));
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'delete',
      path: '/api/v1/timestamping-services/{entryId}',
      request: { params: entrySchema },
      responses: done,
    }),
    async (context) => {
      const { entryId } = context.req.valid('param');
      await register.change(actOf(context), (book) => removeTimestampingService(book, entryId));
      return context.body(null, 204);
    },
  );
}

/** @throws Problem not-found */
async function findCertificationService(book: Book, entryId: string): Promise<Kept<CertificationService>> {
  return requireOne(await listCertificationServices(book), (one) => one.entryId === entryId, entryId);
}

function readCertificationService(body: z.infer<typeof certificationSchema>): CertificationService {
  const { top, intermediates, acmeServer, ...rest } = body;
  return {
    ...withoutUndefined(rest),
    ...(acmeServer !== undefined && { acmeServer: withoutUndefined(acmeServer) }),
    top: readAuthority(top),
    intermediates: intermediates.map(readAuthority),
  };
}

function readAuthority({ certificate, ocspResponders }: z.infer<typeof authoritySchema>): Authority {
  return {
    certificate: readPem(certificate),
    ocspResponders: ocspResponders.map(({ certificate: own, ...responder }) => ({
      ...withoutUndefined(responder),
      ...(own !== undefined && { certificate: readPem(own) }),
    })),
  };
}

function showAuthority({ certificate, ocspResponders }: Authority): z.infer<typeof authoritySchema> {
  return {
    certificate: showCertificate(certificate),
    ocspResponders: ocspResponders.map(({ certificate: own, ...responder }) => ({
      ...responder,
      ...(own !== undefined && { certificate: showCertificate(own) }),
    })),
  };
}

function showCertificationService({ top, intermediates, ...rest }: Kept<CertificationService>) {
  return { ...rest, top: showAuthority(top), intermediates: intermediates.map(showAuthority) };
}

function showTimestampingService({ certificate, ...rest }: Kept<TimestampingService>) {
  return { ...rest, certificate: showCertificate(certificate) };
}
