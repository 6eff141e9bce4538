import { randomUUID } from 'node:crypto';
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { Problem } from '../../gateway/http/index.ts';
import { equal } from '../../gateway/identifier/index.ts';
import { compareDescribed, type ServiceRecord, type WsdlDescription } from '../settings/index.ts';
import { type ImportedWsdl, importWsdl, type WsdlSource } from '../wsdl/index.ts';
import type { AdminContext } from './context.ts';
import {
  clientIdSchema,
  readCertificates,
  requireClient,
  serviceSchema,
  shownServiceSchema,
  showService,
} from './schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const root = '/api/v1/clients/{client}/service-descriptions';
const clientParameter = z.object({ client: clientIdSchema });
const descriptionParameter = clientParameter.extend({ description: z.uuid() });
const done = { 204: { description: 'in force' } } as const;

const urlSchema = z.url({ protocol: /^https?$/, error: 'an http or https address is expected' });
const documentSchema = z.base64().describe('the WSDL itself, base64');
const sourceSchema = z
  .union([z.strictObject({ url: urlSchema }), z.strictObject({ document: documentSchema })])
  .openapi('WsdlSource');
const againSchema = z
  .object({
    url: urlSchema.optional().describe('where it is read from now on; absent: where it was'),
    document: documentSchema.optional(),
  })
  .openapi('WsdlSourceAgain');

const descriptionSchema = z
  .object({
    id: z.string(),
    url: z.string().optional().describe('absent when it was uploaded'),
    acceptedAt: z.string(),
    disabledNotice: z.string().optional().describe('set while all its services are switched off'),
    services: z.array(shownServiceSchema),
  })
  .openapi('ServiceDescription');

const versionedSchema = z.object({ serviceCode: z.string(), serviceVersion: z.string().optional() });
const differenceSchema = z
  .object({
    digest: z.string().describe('of what was read; accepting names it'),
    added: z.array(versionedSchema.extend({ url: z.string() })),
    removed: z.array(versionedSchema.extend({ url: z.string() })),
    moved: z
      .array(
        versionedSchema.extend({
          from: z.string(),
          to: z.string(),
          calledAt: z.string().describe('another than `to` when an administrator set the address'),
        }),
      )
      .describe('services whose address in the description changed'),
  })
  .openapi('DescriptionDifference');

/** WSDLs of clients: their services are added, refreshed and removed together. */
export function addServiceDescriptionRoutes(app: OpenAPIHono, { settings, now }: AdminContext): void {
  const content = () => settings.current().content;
  const idOf = (client: string) => requireClient(content().clients, client).id;
  const find = ({ client, description }: z.infer<typeof descriptionParameter>): WsdlDescription => {
    const provider = idOf(client);
    const found = content().descriptions.find(
      (one) => one.id === description && equal(one.provider, provider),
    );
    if (found !== undefined) return found;
    throw new Problem(404, 'unknown-description', `That client has no description ${description} here`);
  };
  const servicesOf = ({ provider, id }: WsdlDescription) =>
    settings
      .current()
      .servicesOf(provider)
      .filter(({ described }) => described?.descriptionId === id);
  const show = (description: WsdlDescription): z.infer<typeof descriptionSchema> => {
    const { id, url, acceptedAt, disabledNotice } = description;
    return {
      id,
      ...(url !== undefined && { url }),
      acceptedAt: acceptedAt.toISOString(),
      ...(disabledNotice !== undefined && { disabledNotice }),
      services: servicesOf(description).map(showService),
    };
  };

  app.openapi(
    createRoute({
      method: 'get',
      path: root,
      request: { params: clientParameter },
      responses: { 200: { description: 'WSDLs of the client', ...json(z.array(descriptionSchema)) } },
    }),
    (context) => {
      const provider = idOf(context.req.valid('param').client);
      const own = content().descriptions.filter((one) => equal(one.provider, provider));
      return context.json(own.map(show), 200);
    },
  );

  app.openapi(
    createRoute({
      method: 'post',
      path: root,
      description: 'Adds the services of a WSDL. Nobody may call them yet: rights are given per service.',
      request: { params: clientParameter, body: { required: true, ...json(sourceSchema) } },
      responses: { 201: { description: 'in force', ...json(descriptionSchema) } },
    }),
    async (context) => {
      const provider = idOf(context.req.valid('param').client);
      const source = context.req.valid('json');
      const { services, published } = await importWsdl(sourceOf(source));
      const description = {
        provider,
        id: randomUUID(),
        ...('url' in source && { url: source.url }),
        acceptedAt: now(),
      };
      await settings.addDescription(description, services, published);
      return context.json(show(description), 201);
    },
  );

  const readAgain = async (
    description: WsdlDescription,
    { url = description.url, document }: z.infer<typeof againSchema>,
  ) => {
    if (document !== undefined) return importWsdl(sourceOf({ document }));
    if (url !== undefined) return importWsdl(sourceOf({ url }));
    throw new Problem(
      422,
      'document-expected',
      'The description was uploaded: send the new one as document, or a url to read it from',
    );
  };

  app.openapi(
    createRoute({
      method: 'post',
      path: `${root}/{description}/preview`,
      description: 'Reads the WSDL again and tells what would change; nothing changes.',
      request: { params: descriptionParameter, body: { required: true, ...json(againSchema) } },
      responses: { 200: { description: 'what would change', ...json(differenceSchema) } },
    }),
    async (context) => {
      const description = find(context.req.valid('param'));
      const imported = await readAgain(description, context.req.valid('json'));
      return context.json(showDifference(description, servicesOf(description), imported), 200);
    },
  );

  app.openapi(
    createRoute({
      method: 'post',
      path: `${root}/{description}/refresh`,
      description:
        'Reads the WSDL again and accepts it if it is what was previewed. Rights, timeouts, and addresses that an administrator set stay on services that stay.',
      request: {
        params: descriptionParameter,
        body: { required: true, ...json(againSchema.extend({ digest: z.string() })) },
      },
      responses: { 200: { description: 'what changed', ...json(differenceSchema) } },
    }),
    async (context) => {
      const { digest, ...again } = context.req.valid('json');
      const description = find(context.req.valid('param'));
      const imported = await readAgain(description, again);
      if (imported.digest !== digest) {
        throw new Problem(409, 'description-changed', 'The WSDL is not the one previewed; preview it again');
      }
      const difference = showDifference(description, servicesOf(description), imported);
      const { provider, id } = description;
      const url = again.document === undefined ? (again.url ?? description.url) : again.url;
      await settings.refreshDescription(
        { provider, id, ...(url !== undefined && { url }), acceptedAt: now() },
        imported.services,
        imported.published,
      );
      return context.json(difference, 200);
    },
  );

  app.openapi(
    createRoute({
      method: 'put',
      path: `${root}/{description}/disabled-notice`,
      description: 'Switches all services of the WSDL off with a notice for callers, or on with null.',
      request: {
        params: descriptionParameter,
        body: { required: true, ...json(z.object({ notice: z.string().min(1).max(1000).nullable() })) },
      },
      responses: done,
    }),
    async (context) => {
      const { provider, id } = find(context.req.valid('param'));
      await settings.setDescriptionNotice(provider, id, context.req.valid('json').notice ?? undefined);
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      method: 'delete',
      path: `${root}/{description}`,
      description: 'Removes the WSDL with its services and the rights on them.',
      request: { params: descriptionParameter },
      responses: done,
    }),
    async (context) => {
      const { provider, id } = find(context.req.valid('param'));
      await settings.removeDescription(provider, id);
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      method: 'put',
      path: `${root}/{description}/services/{service}`,
      description:
        'Sets how one service is called. An address other than that of the WSDL survives a refresh.',
      request: {
        params: descriptionParameter.extend({ service: z.string() }),
        query: z.object({ version: z.string().optional() }),
        body: {
          required: true,
          ...json(
            serviceSchema.pick({ url: true, timeoutSeconds: true, verifyTls: true, certificates: true }),
          ),
        },
      },
      responses: done,
    }),
    async (context) => {
      const { service, ...of } = context.req.valid('param');
      const { version } = context.req.valid('query');
      const description = find(of);
      const record = servicesOf(description).find(
        (one) => one.serviceCode === service && one.serviceVersion === version,
      );
      if (record === undefined) {
        throw new Problem(
          404,
          'unknown-service',
          `The description has no service ${service} in that version`,
        );
      }
      const { url, timeoutSeconds, verifyTls, certificates } = context.req.valid('json');
      await settings.changeDescribed(record, {
        url,
        timeoutMs: timeoutSeconds * 1000,
        verifyTls,
        certificates: readCertificates(certificates),
      });
      return context.body(null, 204);
    },
  );
}

function sourceOf(source: z.infer<typeof sourceSchema>): WsdlSource {
  if ('url' in source) return { kind: 'url', url: source.url };
  return { kind: 'bytes', bytes: Buffer.from(source.document, 'base64') };
}

function showDifference(
  { provider, id }: WsdlDescription,
  before: readonly ServiceRecord[],
  { services, digest }: ImportedWsdl,
): z.infer<typeof differenceSchema> {
  const { added, removed, moved } = compareDescribed(provider, id, before, services);
  return {
    digest,
    added: added.map((service) => ({ ...versioned(service), url: service.url })),
    removed: removed.map((service) => ({ ...versioned(service), url: service.url })),
    moved: moved.map(({ before: old, after }) => ({
      ...versioned(after),
      from: old.described?.url ?? old.url,
      to: after.described?.url ?? after.url,
      calledAt: after.url,
    })),
  };
}

function versioned({ serviceCode, serviceVersion }: ServiceRecord) {
  return { serviceCode, ...(serviceVersion !== undefined && { serviceVersion }) };
}
