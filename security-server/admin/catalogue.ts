import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, Problem, pageOfStored, searchQuery } from '../../gateway/http/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import { requireJournal } from './auditor-access.ts';
import { describeService } from './catalogue-answers.ts';
import {
  catalogueProviderSchema,
  catalogueServiceSchema,
  describedServiceSchema,
  showProvider,
  showService,
} from './catalogue-schemas.ts';
import type { AdminContext } from './context.ts';
import { clientIdSchema, requireClient } from './schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const client = clientIdSchema.max(2_000).optional();

const statusSchema = z
  .object({
    waiting: z.number().int().describe('providers that are asked, or wait for it'),
    client: clientIdSchema.optional().describe('in whose name providers are asked when nobody says'),
    intervalHours: z.number().describe('between two questions to a provider by itself; 0: never'),
    endedAt: z.iso.datetime().optional().describe('when one was last asked, since the start'),
  })
  .openapi('CatalogueStatus');

/** What may be called: the services of all members, as far as their owners let them be seen. */
export function addCatalogueRoutes(app: OpenAPIHono, context: AdminContext): void {
  const { settings, catalogue } = context;
  /** Encoded; empty when this server has no client. @throws Problem unknown-client */
  const clientOf = (given: string | undefined): string =>
    given === undefined
      ? (catalogue.gathering.status().client ?? '')
      : printEncoded(requireClient(settings.current().content.clients, given).id);

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/catalogue',
      description:
        'Services that their providers tell of, in the order of their identifiers; q finds words in identifiers, names, titles and descriptions.',
      request: { query: searchQuery.extend({ provider: clientIdSchema.max(2_000).optional(), client }) },
      responses: { 200: { description: 'services', ...json(z.array(catalogueServiceSchema)) } },
    }),
    async (c) => {
      const { q, provider, client: given, ...page } = c.req.valid('query');
      const asked = clientOf(given);
      const shown = await pageOfStored(c, page, {
        read: async (after, limit) =>
          catalogue.store.services({
            ...{ client: asked, after, limit },
            ...(q !== undefined && { q }),
            ...(provider !== undefined && { provider }),
          }),
        keyOf: ({ id }) => id,
      });
      return c.json(shown.map(showService), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/catalogue/services/{service}',
      description: 'One service: its description, and how programs call it.',
      request: {
        params: z.object({ service: z.string().max(2_000).describe('identifier in encoded form') }),
        query: z.object({
          client,
          method: z.string().max(20).optional().describe('with path: the operation that examples call'),
          path: z.string().max(1_000).optional(),
        }),
      },
      responses: { 200: { description: 'the service', ...json(describedServiceSchema) } },
    }),
    (c) => {
      const { service } = c.req.valid('param');
      const { client: given, ...operation } = c.req.valid('query');
      const asked = clientOf(given);
      const found = catalogue.store.service(service, asked);
      if (found === undefined) {
        const detail = `Nobody told of a service ${service}: ask its provider, or see whether the identifier is right`;
        throw new Problem(404, 'unknown-service', detail);
      }
      return c.json(describeService(context, found, asked, operation), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/catalogue/providers',
      description: 'Who may offer services, and whether they answer.',
      request: { query: searchQuery.omit({ q: true }) },
      responses: { 200: { description: 'subsystems', ...json(z.array(catalogueProviderSchema)) } },
    }),
    async (c) => {
      const shown = await pageOfStored(c, c.req.valid('query'), {
        read: async (after, limit) => catalogue.store.providers(after, limit),
        keyOf: ({ id }) => id,
      });
      return c.json(shown.map(showProvider), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/catalogue/status',
      description: 'How far gathering is.',
      responses: { 200: { description: 'status', ...json(statusSchema) } },
    }),
    (c) => {
      const { waiting, client: asker, intervalMs, endedAt } = catalogue.gathering.status();
      return c.json(
        {
          ...{ waiting, intervalHours: intervalMs / 3_600_000 },
          ...(asker !== undefined && { client: asker }),
          ...(endedAt !== undefined && { endedAt: endedAt.toISOString() }),
        },
        200,
      );
    },
  );

  app.openapi(
    createRoute({
      ...allow('service-administrator'),
      method: 'post',
      path: '/api/v1/catalogue/gatherings',
      description:
        'Asks a provider, or all, in the name of a client: real exchanges, two to four each and one for each description that is lacking, recorded on both sides.',
      request: {
        body: {
          required: true,
          ...json(
            z
              .strictObject({ client, provider: clientIdSchema.max(2_000).optional() })
              .openapi('CatalogueOrder'),
          ),
        },
      },
      responses: {
        202: {
          description: 'they are asked now; the status tells when nobody waits any more',
          ...json(z.object({ providers: z.number().int() })),
        },
      },
    }),
    async (c) => {
      const { client: given, provider } = c.req.valid('json');
      const asked = clientOf(given);
      if (asked === '') {
        throw new Problem(
          409,
          'no-client',
          'This server has no registered client in whose name it could ask',
        );
      }
      const { id, status } = requireClient(settings.current().content.clients, asked);
      if (status !== 'registered') {
        throw new Problem(
          409,
          'client-not-registered',
          `${asked} is not registered, so nobody would answer it`,
        );
      }
      // What leaves is the member's: who sent it stands here, before it does.
      await requireJournal(c, context, {
        ...{ action: 'catalogue.gather', target: provider ?? 'all', detail: { client: asked } },
      });
      const providers = catalogue.gathering.order(id, provider);
      if (providers === undefined) {
        throw new Problem(
          404,
          'unknown-provider',
          `No server of the configuration serves a subsystem ${provider}`,
        );
      }
      return c.json({ providers }, 202);
    },
  );
}
