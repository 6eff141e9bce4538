import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { parseCertificate } from '../../certs/x509/index.ts';
import { allow, allowAll, matches, pageOfStored, searchQuery, versionTag } from '../../gateway/http/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import type { SeenConfiguration } from '../publication/index.ts';
import {
  addAuthenticationCertificate,
  addServer,
  addServerClient,
  changeServer,
  findServer,
  removeAuthenticationCertificate,
  removeServer,
  removeServerClient,
  type SecurityServer,
  type ServerEntry,
  serversBehind,
  withCertificatesAndClients,
} from '../register/index.ts';
import { actOf } from './act.ts';
import type { AdminContext } from './context.ts';
import {
  certificateSchema,
  clientIdSchema,
  done,
  json,
  jsonBody,
  readClientId,
  readPem,
  readPlace,
  readServerId,
  requireFound,
  serverIdSchema,
} from './schemas.ts';

const serverSchema = z
  .object({
    id: serverIdSchema,
    address: z.string().describe('host name or IP address, without port').openapi({ example: 'ss1.example' }),
    maintenance: z
      .object({ message: z.string().optional() })
      .optional()
      .describe('set while the server takes no part in exchanges'),
  })
  .openapi('SecurityServer');

const authenticationCertificateSchema = z
  .object({
    sha256: z.string().describe('of the DER, hex'),
    subject: z.string(),
    notAfter: z.iso.datetime(),
    certificate: certificateSchema,
  })
  .openapi('AuthenticationCertificate');

const configurationSchema = z
  .object({
    at: z.iso.datetime().describe('when the server asked for the configuration last'),
    state: z
      .enum(['current', 'former', 'unknown'])
      .describe('unknown: none that this registry published since it was started, or not told'),
    publishedAt: z.iso.datetime().optional().describe('when what it has was published'),
  })
  .describe(
    'which configuration the server has, as it says itself when it asks for a new one: nothing proves it, and it is not kept. Absent: it did not say so since the registry was started, as servers of other makes never do',
  )
  .openapi('SeenConfiguration');

const serverEntrySchema = serverSchema
  .extend({
    authenticationCertificates: z.array(authenticationCertificateSchema),
    clients: z.array(clientIdSchema).describe('the owner is a client without being listed'),
    disabledClients: z.array(clientIdSchema).describe('registered, and kept out of exchanges for now'),
    configuration: configurationSchema.optional(),
  })
  .openapi('SecurityServerEntry');

/** Security servers, their certificates and their clients. */
export function addServerRoutes(app: OpenAPIHono, { register, configurationOf }: AdminContext): void {
  const withConfiguration = (shown: ReturnType<typeof showServer>) => {
    const seen = configurationOf(shown.id);
    return seen === undefined ? shown : { ...shown, configuration: showSeen(seen) };
  };
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/servers',
      request: { query: searchQuery },
      responses: {
        200: { description: 'one page of the security servers', ...json(z.array(serverEntrySchema)) },
      },
    }),
    async (context) => {
      const query = context.req.valid('query');
      const found = await register.read(async (book) => {
        const servers = await pageOfStored<SecurityServer>(context, query, {
          read: (after, count) => serversBehind(book, { after: readPlace(readServerId, after), count }),
          ...(query.q !== undefined && {
            isWanted: ({ id, address }) => matches(query.q, printEncoded(id), address),
          }),
          keyOf: ({ id }) => printEncoded(id),
        });
        return withCertificatesAndClients(book, servers);
      });
      return context.json(
        found.map((server) => withConfiguration(showServer(server))),
        200,
      );
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'post',
      path: '/api/v1/servers',
      request: { body: jsonBody(serverSchema) },
      responses: { 201: { description: 'registered', ...json(serverSchema) } },
    }),
    async (context) => {
      const { id, ...rest } = context.req.valid('json');
      const server = readServer(id, rest);
      await register.change(actOf(context), (book) => addServer(book, server));
      return context.json({ id: printEncoded(server.id), ...rest }, 201);
    },
  );

  const server = z.object({ server: serverIdSchema });
  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/servers/{server}',
      request: { params: server },
      responses: { 200: { description: 'one security server', ...json(serverEntrySchema) } },
    }),
    async (context) => {
      const id = readServerId(context.req.valid('param').server);
      const [found] = await register.read(async (book) => {
        const server = await findServer(book, id);
        return withCertificatesAndClients(book, server === undefined ? [] : [server]);
      });
      const shown = showServer(requireFound(found, printEncoded(id)));
      // What the server says of itself changes with every poll, and is nobody's to edit.
      context.header('etag', versionTag(JSON.stringify(shown)));
      return context.json(withConfiguration(shown), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'put',
      path: '/api/v1/servers/{server}',
      description: 'Gives a server a new address and state of maintenance.',
      request: { params: server, body: jsonBody(serverSchema.omit({ id: true })) },
      responses: done,
    }),
    async (context) => {
      const changed = readServer(context.req.valid('param').server, context.req.valid('json'));
      await register.change(actOf(context), (book) => changeServer(book, changed));
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'delete',
      path: '/api/v1/servers/{server}',
      request: { params: server },
      responses: done,
    }),
    async (context) => {
      const id = readServerId(context.req.valid('param').server);
      await register.change(actOf(context), (book) => removeServer(book, id));
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'post',
      path: '/api/v1/servers/{server}/clients',
      request: { params: server, body: jsonBody(z.object({ id: clientIdSchema })) },
      responses: done,
    }),
    async (context) => {
      const id = readServerId(context.req.valid('param').server);
      const client = readClientId(context.req.valid('json').id);
      await register.change(actOf(context), (book) => addServerClient(book, id, client));
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'delete',
      path: '/api/v1/servers/{server}/clients/{client}',
      request: { params: server.extend({ client: clientIdSchema }) },
      responses: done,
    }),
    async (context) => {
      const { server, client } = context.req.valid('param');
      const [id, clientId] = [readServerId(server), readClientId(client)];
      await register.change(actOf(context), (book) => removeServerClient(book, id, clientId));
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'post',
      path: '/api/v1/servers/{server}/authentication-certificates',
      request: { params: server, body: jsonBody(z.object({ certificate: certificateSchema })) },
      responses: { 201: { description: 'registered', ...json(z.object({ sha256: z.string() })) } },
    }),
    async (context) => {
      const id = readServerId(context.req.valid('param').server);
      const certificate = readPem(context.req.valid('json').certificate);
      const sha256 = await register.change(actOf(context), (book) =>
        addAuthenticationCertificate(book, id, certificate),
      );
      return context.json({ sha256 }, 201);
    },
  );

  app.openapi(
    createRoute({
      ...allow('registration-officer'),
      method: 'delete',
      path: '/api/v1/servers/{server}/authentication-certificates/{sha256}',
      request: { params: server.extend({ sha256: z.string() }) },
      responses: done,
    }),
    async (context) => {
      const { server, sha256 } = context.req.valid('param');
      const id = readServerId(server);
      await register.change(actOf(context), (book) => removeAuthenticationCertificate(book, id, sha256));
      return context.body(null, 204);
    },
  );
}

type ServerBody = Omit<z.infer<typeof serverSchema>, 'id'>;

function readServer(id: string, { address, maintenance }: ServerBody) {
  return {
    id: readServerId(id),
    address,
    ...(maintenance !== undefined && { maintenance: readMaintenance(maintenance) }),
  };
}

function readMaintenance({ message }: NonNullable<ServerBody['maintenance']>) {
  return message === undefined ? {} : { message };
}

function showSeen({ at, state, publishedAt }: SeenConfiguration): z.infer<typeof configurationSchema> {
  return {
    ...{ at: at.toISOString(), state },
    ...(publishedAt !== undefined && { publishedAt: publishedAt.toISOString() }),
  };
}

function showServer(entry: ServerEntry): z.infer<typeof serverEntrySchema> {
  const { id, address, maintenance, authenticationCertificates, clients, disabledClients } = entry;
  return {
    id: printEncoded(id),
    address,
    ...(maintenance !== undefined && { maintenance }),
    authenticationCertificates: authenticationCertificates.map((der) => {
      const { sha256, subject, notAfter, pem } = parseCertificate(der);
      return {
        sha256: sha256.toString('hex'),
        subject: subject.toString(),
        notAfter: notAfter.toISOString(),
        certificate: pem,
      };
    }),
    clients: clients.map(printEncoded),
    disabledClients: disabledClients.map(printEncoded),
  };
}
