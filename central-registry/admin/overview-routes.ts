import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { parseCertificate } from '../../certs/x509/index.ts';
import { allowAll } from '../../gateway/http/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import { countEntries, listServerCertificates } from '../register/index.ts';
import type { AdminContext } from './context.ts';
import { json, serverIdSchema } from './schemas.ts';

const countsSchema = z
  .object({
    memberClasses: z.number().int(),
    members: z.number().int(),
    subsystems: z.number().int(),
    servers: z.number().int(),
    waitingRequests: z.number().int().describe('management requests that wait for a decision'),
  })
  .openapi('RegisterCounts');

const expiringSchema = z
  .object({
    server: serverIdSchema,
    sha256: z.string().describe('of the DER, hex'),
    notAfter: z.iso.datetime(),
  })
  .openapi('ExpiringCertificate');

/** What a first page tells of the register, without reading all of it. */
export function addOverviewRoutes(app: OpenAPIHono, { register }: AdminContext): void {
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/counts',
      description: 'How many there are of each.',
      responses: { 200: { description: 'counts', ...json(countsSchema) } },
    }),
    async (context) => context.json(await register.read(countEntries), 200),
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/expiring-certificates',
      description: 'Authentication certificates that end before an instant, the first to end first.',
      request: {
        query: z.object({
          before: z.iso.datetime(),
          limit: z.coerce.number().int().min(1).max(1_000).default(100),
        }),
      },
      responses: { 200: { description: 'certificates', ...json(z.array(expiringSchema)) } },
    }),
    async (context) => {
      const { before, limit } = context.req.valid('query');
      const all = (await register.read(listServerCertificates)).map(({ server, sha256, certificate }) => ({
        server: printEncoded(server),
        sha256,
        notAfter: parseCertificate(certificate).notAfter.toISOString(),
      }));
      const endsBefore = new Date(before).toISOString();
      const ending = all.filter(({ notAfter }) => notAfter < endsBefore);
      ending.sort((a, b) => (a.notAfter < b.notAfter ? -1 : 1));
      return context.json(ending.slice(0, limit), 200);
    },
  );
}
