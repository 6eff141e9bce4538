import { z } from '@hono/zod-openapi';
import type { CatalogueProvider, CatalogueService } from '../catalogue/index.ts';
import { clientIdSchema } from './schemas.ts';

const instant = z.iso.datetime();
const failureSchema = z.object({ code: z.string(), text: z.string() });

export const catalogueProviderSchema = z
  .object({
    id: clientIdSchema,
    memberName: z.string(),
    name: z.string().optional().describe('of the subsystem'),
    serviceCount: z.number().int(),
    gatheredAt: instant.optional().describe('when it last told what it offers'),
    triedAt: instant.optional().describe('when it was last asked'),
    nextAt: instant.describe('from when on it is asked again by itself, if anybody is'),
    error: failureSchema.optional().describe('why it did not answer when it was last asked'),
  })
  .openapi('CatalogueProvider');

export const catalogueServiceSchema = z
  .object({
    id: z.string().openapi({ example: 'PILOT:GOV:1001:population:register' }),
    provider: catalogueProviderSchema,
    serviceCode: z.string(),
    serviceVersion: z.string().optional(),
    kind: z.enum(['REST', 'OPENAPI', 'WSDL']),
    title: z.string().optional().describe('as its description says'),
    endpointCount: z.number().int(),
    mayCall: z
      .enum(['yes', 'some', 'no', 'unknown'])
      .describe('whether the client may: some of its endpoints; unknown: nobody asked for that client'),
  })
  .openapi('CatalogueService');

const parameterSchema = z.object({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  isRequired: z.boolean(),
  description: z.string().optional(),
  example: z.string().optional(),
});

const operationSchema = z.object({
  method: z.string(),
  path: z.string(),
  summary: z.string().optional(),
  description: z.string().optional(),
  isDeprecated: z.boolean(),
  parameters: z.array(parameterSchema),
  body: z
    .object({ contentType: z.string(), isRequired: z.boolean(), example: z.string().optional() })
    .optional(),
  answers: z.array(z.object({ status: z.string(), description: z.string() })),
});

const descriptionSchema = z.object({
  title: z.string(),
  version: z.string().optional(),
  description: z.string().optional(),
  contact: z
    .object({ name: z.string().optional(), email: z.string().optional(), url: z.string().optional() })
    .optional(),
  operations: z.array(operationSchema).describe('of an OpenAPI description'),
  omitted: z.number().int().describe('operations beyond what is kept'),
});

export const describedServiceSchema = catalogueServiceSchema
  .extend({
    client: clientIdSchema.optional().describe('for whom it is told'),
    endpoints: z.array(z.object({ method: z.string(), path: z.string(), mayCall: z.boolean().optional() })),
    description: descriptionSchema.optional(),
    describedAt: instant.optional(),
    descriptionError: failureSchema.optional(),
    example: z
      .object({
        method: z.string(),
        path: z.string().optional().describe('of a REST call, behind the service code'),
        contentType: z.string().optional(),
        body: z.string().optional(),
        calls: z.array(
          z.object({ language: z.enum(['curl', 'TypeScript', 'Python', 'Java']), text: z.string() }),
        ),
      })
      .optional()
      .describe(
        'of the operation that was asked for, or the first; without programs where none could be trusted',
      ),
  })
  .openapi('DescribedService');

const shownAt = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString());

export function showProvider(provider: CatalogueProvider): z.infer<typeof catalogueProviderSchema> {
  const { id, memberName, name, serviceCount, nextAt, error } = provider;
  const [gatheredAt, triedAt] = [shownAt(provider.gatheredAt), shownAt(provider.triedAt)];
  return {
    ...{ id, memberName, serviceCount, nextAt: new Date(nextAt).toISOString() },
    ...(name !== '' && { name }),
    ...(gatheredAt !== undefined && { gatheredAt }),
    ...(triedAt !== undefined && { triedAt }),
    ...(error !== undefined && { error }),
  };
}

export function showService(service: CatalogueService): z.infer<typeof catalogueServiceSchema> {
  const { id, provider, serviceCode, serviceVersion, kind, title, endpointCount, mayCall } = service;
  return {
    ...{ id, provider: showProvider(provider), serviceCode, kind, endpointCount, mayCall },
    ...(serviceVersion !== undefined && { serviceVersion }),
    ...(title !== '' && { title }),
  };
}

export { shownAt };
