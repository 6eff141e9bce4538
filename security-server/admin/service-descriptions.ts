import { randomUUID } from 'node:crypto';
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, lineSchema, Problem, takesUpTo } from '../../gateway/http/index.ts';
import { equal } from '../../gateway/identifier/index.ts';
import type { WsdlDescription } from '../settings/index.ts';
import type { AdminContext } from './context.ts';
import {
  descriptionSchema,
  differenceSchema,
  readDescription,
  showDifference,
  sourceAgainSchema,
  sourceSchema,
} from './description-schemas.ts';
import {
  clientIdSchema,
  readCertificates,
  requireClient,
  serviceSchema,
  showCertificate,
  showService,
} from './schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
const root = '/api/v1/clients/{client}/service-descriptions';
const clientParameter = z.object({ client: clientIdSchema });
const descriptionParameter = clientParameter.extend({ description: z.uuid() });
/** Documents of 10 MiB travel as base64 in JSON. */
const room = () => takesUpTo(14 * 1024 * 1024);
const done = { 204: { description: 'in force' } } as const;

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
    const { id, url, certificates, acceptedAt, disabledNotice } = description;
    return {
      id,
      ...(url !== undefined && { url }),
      certificates: certificates.map(showCertificate),
      acceptedAt: acceptedAt.toISOString(),
      ...(disabledNotice !== undefined && { disabledNotice }),
      services: servicesOf(description).map(showService),
    };
  };

  app.openapi(
    createRoute({
      ...allowAll(),
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
      ...allowAll(),
      method: 'get',
      path: `${root}/{description}`,
      request: { params: descriptionParameter },
      responses: { 200: { description: 'one WSDL', ...json(descriptionSchema) } },
    }),
    (context) => context.json(show(find(context.req.valid('param'))), 200),
  );

  app.openapi(
    createRoute({
      ...allow('service-administrator'),
      ...room(),
      method: 'post',
      path: root,
      description: 'Adds the services of a WSDL. Nobody may call them yet: rights are given per service.',
      request: { params: clientParameter, body: { required: true, ...json(sourceSchema) } },
      responses: { 201: { description: 'in force', ...json(descriptionSchema) } },
    }),
    async (context) => {
      const provider = idOf(context.req.valid('param').client);
      const { imported, place } = await readDescription(context.req.valid('json'));
      const description = { provider, id: randomUUID(), ...place, acceptedAt: now() };
      await settings.addDescription(description, imported.services, imported.published);
      return context.json(show(description), 201);
    },
  );

  app.openapi(
    createRoute({
      ...allow('service-administrator'),
      ...room(),
      method: 'post',
      path: `${root}/{description}/preview`,
      description: 'Reads the WSDL again and tells what would change; nothing changes.',
      request: { params: descriptionParameter, body: { required: true, ...json(sourceAgainSchema) } },
      responses: { 200: { description: 'what would change', ...json(differenceSchema) } },
    }),
    async (context) => {
      const description = find(context.req.valid('param'));
      const { imported } = await readDescription(context.req.valid('json'), description);
      return context.json(showDifference(description, servicesOf(description), imported), 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('service-administrator'),
      ...room(),
      method: 'post',
      path: `${root}/{description}/refresh`,
      description:
        'Reads the WSDL again and accepts it if it is what was previewed. Rights, timeouts, and addresses that an administrator set stay on services that stay.',
      request: {
        params: descriptionParameter,
        body: { required: true, ...json(sourceAgainSchema.extend({ digest: z.string() })) },
      },
      responses: { 200: { description: 'what changed', ...json(differenceSchema) } },
    }),
    async (context) => {
      const { digest, ...again } = context.req.valid('json');
      const description = find(context.req.valid('param'));
      const { imported, place } = await readDescription(again, description);
      if (imported.digest !== digest) {
        throw new Problem(409, 'description-changed', 'The WSDL is not the one previewed; preview it again');
      }
      const difference = showDifference(description, servicesOf(description), imported);
      const { provider, id } = description;
      await settings.refreshDescription(
        { provider, id, ...place, acceptedAt: now() },
        imported.services,
        imported.published,
      );
      return context.json(difference, 200);
    },
  );

  app.openapi(
    createRoute({
      ...allow('service-administrator'),
      method: 'put',
      path: `${root}/{description}/disabled-notice`,
      description: 'Switches all services of the WSDL off with a notice for callers, or on with null.',
      request: {
        params: descriptionParameter,
        body: { required: true, ...json(z.object({ notice: lineSchema(1000).min(1).nullable() })) },
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
      ...allow('service-administrator'),
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
      ...allow('service-administrator'),
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
            serviceSchema.pick({
              url: true,
              timeoutSeconds: true,
              verifyTls: true,
              certificates: true,
              minimumPeerVersion: true,
            }),
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
      const { url, timeoutSeconds, verifyTls, certificates, minimumPeerVersion } = context.req.valid('json');
      await settings.changeDescribed(record, {
        url,
        timeoutMs: timeoutSeconds * 1000,
        verifyTls,
        certificates: readCertificates(certificates),
        ...(minimumPeerVersion !== undefined && { minimumPeerVersion }),
      });
      return context.body(null, 204);
    },
  );
}
