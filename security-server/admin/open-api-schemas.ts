import { z } from '@hono/zod-openapi';
import { certificateSchema, endpointSchema, subjectSchema } from './schemas.ts';

const urlSchema = z.url({ protocol: /^https?$/, error: 'an http or https address is expected' });
const certificatesSchema = z
  .array(certificateSchema)
  .describe('accepted for an https address instead of those of public authorities');

export const openApiSourceSchema = z.strictObject({
  url: urlSchema.optional().describe('where it is read from now on; absent, without document: where it was'),
  certificates: certificatesSchema.optional(),
  document: z
    .base64()
    .optional()
    .describe('the description itself, JSON or YAML, base64, at most 10 MiB, instead of reading it'),
});
export const openApiSourceAgainSchema = openApiSourceSchema.openapi('OpenApiSource');

export const acceptSchema = openApiSourceSchema
  .extend({
    digest: z.string().describe('of the preview'),
    address: urlSchema
      .optional()
      .describe('where the service is called; absent: as it is, or of a new one where the description says'),
  })
  .openapi('AcceptOpenApi');

export const shownOpenApiSchema = z
  .object({
    url: z.string().optional().describe('absent when it was uploaded'),
    certificates: certificatesSchema,
    acceptedAt: z.iso.datetime(),
    digest: z.string().describe('SHA-256 of what was accepted, hex'),
    openapi: z.string(),
    title: z.string(),
    version: z.string(),
    endpoints: z.array(endpointSchema).describe('those it names; the service may have others, set by hand'),
  })
  .openapi('OpenApiDescription');

export const differenceSchema = z
  .object({
    digest: z.string().describe('of what was read; accepting names it'),
    openapi: z.string(),
    title: z.string(),
    version: z.string(),
    isNew: z.boolean().describe('the service is not there yet'),
    isSame: z.boolean().describe('the document is the one that was accepted last, octet for octet'),
    suggestedUrl: z.string().optional().describe('where the description says that the service is'),
    url: z.string().optional().describe('where the service is called now'),
    endpointCount: z.number().int(),
    added: z.array(endpointSchema),
    removed: z.array(
      endpointSchema.extend({ subjects: z.array(subjectSchema).describe('who loses a right by it') }),
    ),
  })
  .openapi('OpenApiDifference');
