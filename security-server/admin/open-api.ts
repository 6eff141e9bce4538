import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, Problem, takesUpTo } from '../../gateway/http/index.ts';
import { checkCreatable, equal, printRest } from '../../gateway/identifier/index.ts';
import { type ImportedOpenApi, importOpenApi, maxOpenApiBytes } from '../openapi/index.ts';
import {
  compareEndpoints,
  type OpenApiDescription,
  printSubject,
  type ServiceRecord,
  serviceIdOf,
} from '../settings/index.ts';
import type { AdminContext } from './context.ts';
import {
  acceptSchema,
  differenceSchema,
  openApiSourceAgainSchema,
  type openApiSourceSchema,
  shownOpenApiSchema,
} from './open-api-schemas.ts';
import { clientIdSchema, readCertificates, requireClient, showCertificate } from './schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const path = '/api/v1/clients/{client}/services/{service}/description';
const parameters = z.object({ client: clientIdSchema, service: z.string() });
type Parameters = z.infer<typeof parameters>;
/** A document travels as base64 in JSON, with certificates beside it. */
const room = () => takesUpTo(Math.ceil(maxOpenApiBytes / 3) * 4 + 64 * 1024);
const defaultTimeoutMs = 60_000;

/** What came of reading a description for a service, which may be there already. */
interface ReadFor {
  readonly imported: ImportedOpenApi;
  readonly place: Pick<OpenApiDescription, 'url' | 'certificates'>;
  readonly service: ServiceRecord | undefined;
  readonly former: OpenApiDescription | undefined;
}

/** OpenAPI descriptions of services: looked at, accepted, read again, handed out. */
export function addOpenApiRoutes(app: OpenAPIHono, { settings, now }: AdminContext): void {
  const idOf = (client: string) => requireClient(settings.current().content.clients, client).id;
  const findDescription = ({ client, service }: Parameters) => {
    const provider = idOf(client);
    return settings
      .current()
      .content.openApiDescriptions.find(
        (one) => one.serviceCode === service && equal(one.provider, provider),
      );
  };
  const requireDescription = (of: Parameters) => {
    const found = findDescription(of);
    if (found !== undefined) return found;
    throw new Problem(404, 'unknown-description', `Service ${of.service} has no OpenAPI description here`);
  };
  const read = async (
    of: Parameters,
    { url: newUrl, certificates: pems, document }: z.infer<typeof openApiSourceSchema>,
  ): Promise<ReadFor> => {
    const provider = idOf(of.client);
    checkCreatable(of.service);
    const service = settings
      .current()
      .servicesOf(provider)
      .find((one) => one.serviceCode === of.service);
    if (service?.kind === 'WSDL') {
      const detail = `Service ${of.service} is a SOAP service: choose another code`;
      throw new Problem(409, 'service-described', detail);
    }
    const former = findDescription(of);
    const roadPath = `/r1/${printRest(serviceIdOf(provider, of.service))}`;
    const url = newUrl ?? (document === undefined ? former?.url : undefined);
    const certificates = pems === undefined ? (former?.certificates ?? []) : readCertificates(pems);
    if (document === undefined && url === undefined) {
      const detail = 'Send the description as document, or a url to read it from';
      throw new Problem(422, 'document-expected', detail);
    }
    const imported =
      document === undefined
        ? await importOpenApi({ kind: 'url', url: url ?? '', certificates }, roadPath)
        : await importOpenApi({ kind: 'bytes', bytes: Buffer.from(document, 'base64') }, roadPath);
    return { imported, place: { ...(url !== undefined && { url }), certificates }, service, former };
  };
  const showDifference = (
    of: Parameters,
    { imported, service, former }: ReadFor,
  ): z.infer<typeof differenceSchema> => {
    const { endpoints, openapi, title, version, suggestedUrl, digest } = imported;
    const { added, removed } = compareEndpoints(service?.endpoints ?? [], former?.endpoints ?? [], endpoints);
    const rights = settings.current().rightsOf(idOf(of.client), of.service);
    return {
      ...{ digest, openapi, title, version, isNew: service === undefined },
      isSame: former?.digest === digest,
      ...(suggestedUrl !== undefined && { suggestedUrl }),
      ...(service !== undefined && { url: service.url }),
      endpointCount: endpoints.length,
      added: added.map(({ method, path: glob }) => ({ method, path: glob })),
      removed: removed.map(({ method, path: glob }) => ({
        ...{ method, path: glob },
        subjects: rights
          .filter(({ endpoint }) => endpoint.method === method && endpoint.path === glob)
          .map(({ subject }) => printSubject(subject)),
      })),
    };
  };

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path,
      request: { params: parameters },
      responses: { 200: { description: 'as it was accepted last', ...json(shownOpenApiSchema) } },
    }),
    (context) => context.json(show(requireDescription(context.req.valid('param'))), 200),
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: `${path}/document`,
      description: 'The document as getOpenAPI hands it out: the road is its only server.',
      request: { params: parameters },
      responses: {
        200: {
          description: 'JSON or YAML, as it was read',
          content: { 'application/octet-stream': { schema: z.string() } },
        },
      },
    }),
    async (context) => {
      const { provider, serviceCode } = requireDescription(context.req.valid('param'));
      const found = await settings.publishedOpenApi(provider, serviceCode);
      if (found === undefined) throw new Error(`Description of ${serviceCode} has no document`);
      // Never as a type that a browser would draw: the document is whoever's wrote it.
      return context.body(new Uint8Array(found.published), 200, {
        'content-type': 'application/octet-stream',
        'content-disposition': 'attachment',
      });
    },
  );

  app.openapi(
    createRoute({
      ...allow('service-administrator', 'registration-officer'),
      ...room(),
      method: 'post',
      path: `${path}/preview`,
      description:
        'Reads a description for a service, which may not be there yet, and tells what accepting it would change; nothing changes.',
      request: { params: parameters, body: { required: true, ...json(openApiSourceAgainSchema) } },
      responses: { 200: { description: 'what would change', ...json(differenceSchema) } },
    }),
    async (context) => {
      const of = context.req.valid('param');
      return context.json(showDifference(of, await read(of, context.req.valid('json'))), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('service-administrator', 'registration-officer'),
      ...room(),
      method: 'post',
      path,
      description:
        'Accepts a description if it is what was previewed, and makes the service if it is not there: nobody may call it yet. Endpoints that the description named before and names no more go, with the rights on them; those set by hand stay. Address, timeout and certificates of the service stay.',
      request: { params: parameters, body: { required: true, ...json(acceptSchema) } },
      responses: { 200: { description: 'what changed', ...json(differenceSchema) } },
    }),
    async (context) => {
      const of = context.req.valid('param');
      const { digest, address, ...source } = context.req.valid('json');
      const found = await read(of, source);
      const { imported, place, service } = found;
      if (imported.digest !== digest) {
        const detail = 'The description is not the one previewed; preview it again';
        throw new Problem(409, 'description-changed', detail);
      }
      const difference = showDifference(of, found);
      const url = address ?? service?.url ?? imported.suggestedUrl;
      if (url === undefined) {
        const detail = 'The description names no address of the service that can be used: give one';
        throw new Problem(422, 'address-needed', detail, { errors: [{ pointer: '/address', detail }] });
      }
      const provider = idOf(of.client);
      const { title, openapi, version, contentType, endpoints } = imported;
      const fresh = { timeoutMs: defaultTimeoutMs, verifyTls: true, certificates: [], endpoints: [] };
      await settings.acceptOpenApi(
        { ...fresh, provider, serviceCode: of.service, kind: 'OPENAPI', title, url },
        {
          ...{ provider, serviceCode: of.service, ...place, acceptedAt: now(), digest },
          ...{ title, openapi, version, contentType, endpoints },
        },
        imported.published,
        address,
      );
      return context.json(difference, 200);
    },
  );
}

function show(description: OpenApiDescription): z.infer<typeof shownOpenApiSchema> {
  const { url, certificates, acceptedAt, digest, openapi, title, version, endpoints } = description;
  return {
    ...(url !== undefined && { url }),
    certificates: certificates.map(showCertificate),
    acceptedAt: acceptedAt.toISOString(),
    ...{ digest, openapi, title, version },
    endpoints: endpoints.map(({ method, path: glob }) => ({ method, path: glob })),
  };
}
