import { z } from '@hono/zod-openapi';
import { parseCertificate } from '../../certs/x509/index.ts';
import { isLine, lineSchema, Problem } from '../../gateway/http/index.ts';
import { IdentifierError, parseEncodedClient, printEncoded } from '../../gateway/identifier/index.ts';
import { isPeerVersion } from '../../gateway/provider-side/index.ts';
import {
  type ClientRecord,
  parseSubject,
  printSubject,
  type ServiceRecord,
  type Subject,
} from '../settings/index.ts';

/** Identifiers in encoded form, as X-Road's own administration APIs write them. */
export const clientIdSchema = z
  .string()
  .describe('member or subsystem in encoded form')
  .openapi({ example: 'PILOT:GOV:1001:population' });

export const certificateSchema = z.string().describe('PEM certificate');

export const endpointSchema = z.object({
  method: z
    .string()
    .regex(/^(\*|[A-Za-z]+)$/, 'an HTTP method or * is expected')
    .openapi({ example: 'GET' }),
  path: lineSchema(2_000)
    .describe('path glob: * within a segment, ** over segments')
    .openapi({ example: '/persons/*' }),
});

export const clientSchema = z
  .object({
    id: clientIdSchema,
    status: z
      .enum(['saved', 'registered', 'disabled'])
      .describe('only registered clients take part in exchanges'),
    connectionType: z
      .enum(['NOSSL', 'SSLNOAUTH', 'SSLAUTH'])
      .describe('how its information systems must connect'),
    certificates: z.array(certificateSchema).describe('of its information systems, for SSLAUTH'),
  })
  .openapi('Client');

export const serviceSchema = z
  .object({
    serviceCode: z.string().openapi({ example: 'register' }),
    kind: z.enum(['REST', 'OPENAPI', 'WSDL']).describe('WSDL: a SOAP service'),
    url: z.url({ protocol: /^https?$/, error: 'an http or https address is expected' }),
    timeoutSeconds: z.number().int().min(1).max(3600),
    verifyTls: z.boolean(),
    certificates: z.array(certificateSchema).describe('accepted for an HTTPS service'),
    disabledNotice: lineSchema(1000).optional().describe('set while the service is switched off'),
    minimumPeerVersion: z
      .string()
      .refine(isPeerVersion, { error: 'a semantic version such as 7.6.0 is expected' })
      .optional()
      .describe('least release of a calling server, besides what this server demands of all'),
    endpoints: z.array(endpointSchema),
  })
  .openapi('Service');

/** A service as it is; those of a WSDL have more to tell. */
export const shownServiceSchema = serviceSchema
  .extend({
    serviceVersion: z.string().optional().describe('SOAP services of a WSDL only'),
    title: z.string().optional(),
    described: z
      .object({ descriptionId: z.string(), url: z.string().describe('address in the WSDL') })
      .optional()
      .describe('the WSDL it comes from, which alone adds and removes it'),
  })
  .openapi('ShownService');

export const subjectSchema = z
  .string()
  .describe('who may: encoded client, GLOBALGROUP:instance:code or LOCALGROUP:code')
  .openapi({ example: 'SUBSYSTEM:PILOT:MUN:2001:permits' });

export function showClient({
  id,
  status,
  connectionType,
  certificates,
}: ClientRecord): z.infer<typeof clientSchema> {
  return { id: printEncoded(id), status, connectionType, certificates: certificates.map(showCertificate) };
}

export function showService(record: ServiceRecord): z.infer<typeof shownServiceSchema> {
  const { serviceCode, kind, url, timeoutMs, verifyTls, certificates, disabledNotice } = record;
  const { serviceVersion, title, described, minimumPeerVersion } = record;
  return {
    serviceCode,
    ...(serviceVersion !== undefined && { serviceVersion }),
    ...(title !== undefined && { title }),
    ...(described !== undefined && { described }),
    kind,
    url,
    timeoutSeconds: timeoutMs / 1000,
    verifyTls,
    certificates: certificates.map(showCertificate),
    ...(disabledNotice !== undefined && { disabledNotice }),
    ...(minimumPeerVersion !== undefined && { minimumPeerVersion }),
    endpoints: record.endpoints.map(({ method, path }) => ({ method, path })),
  };
}

/** @throws IdentifierError */
export function readClientId(text: string): ClientRecord['id'] {
  return requireLines(parseEncodedClient(text));
}

/** @throws IdentifierError */
export function readSubject(text: string): Subject {
  return requireLines(parseSubject(text));
}

/** What is written as %0A comes out of an encoded identifier as a line of its own, in logs and lists. */
function requireLines<Id extends object>(id: Id): Id {
  if (Object.values(id).every((part) => typeof part !== 'string' || isLine(part))) return id;
  throw new IdentifierError('parts of an identifier are one line of printable characters each');
}

export const showSubject = printSubject;

/** @throws CertificateError malformed */
export function readCertificates(pems: readonly string[]): Buffer[] {
  return pems.map((pem) => parseCertificate(Buffer.from(pem)).der);
}

export function showCertificate(der: Buffer): string {
  return parseCertificate(der).pem;
}

/** A client of this server by its encoded identifier. @throws Problem unknown-client */
export function requireClient(clients: readonly ClientRecord[], encoded: string): ClientRecord {
  const wanted = printEncoded(readClientId(encoded));
  const found = clients.find(({ id }) => printEncoded(id) === wanted);
  if (found === undefined)
    throw new Problem(404, 'unknown-client', `${encoded} is not a client of this server`);
  return found;
}

/** @throws Problem unknown-service */
export function requireService(services: readonly ServiceRecord[], code: string): ServiceRecord {
  const found = services.find(({ serviceCode }) => serviceCode === code);
  if (found === undefined)
    throw new Problem(404, 'unknown-service', `There is no service ${code} of that client here`);
  return found;
}
