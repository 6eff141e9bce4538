import { z } from '@hono/zod-openapi';
import { Problem } from '../../gateway/http/index.ts';
import { compareDescribed, type ServiceRecord, type WsdlDescription } from '../settings/index.ts';
import { type ImportedWsdl, importWsdl } from '../wsdl/index.ts';
import { certificateSchema, readCertificates, shownServiceSchema } from './schemas.ts';

const urlSchema = z.url({ protocol: /^https?$/, error: 'an http or https address is expected' });
const documentSchema = z.base64().describe('the WSDL itself, base64');
const certificatesSchema = z
  .array(certificateSchema)
  .describe('accepted for an https address instead of those of public authorities');

export const sourceSchema = z
  .union([
    z.strictObject({ url: urlSchema, certificates: certificatesSchema.optional() }),
    z.strictObject({ document: documentSchema }),
  ])
  .openapi('WsdlSource');

export const sourceAgainSchema = z
  .strictObject({
    url: urlSchema.optional().describe('where it is read from now on; absent: where it was'),
    certificates: certificatesSchema.optional(),
    document: documentSchema.optional().describe('the WSDL itself, base64, instead of reading it'),
  })
  .openapi('WsdlSourceAgain');

export const descriptionSchema = z
  .object({
    id: z.string(),
    url: z.string().optional().describe('absent when it was uploaded'),
    certificates: certificatesSchema,
    acceptedAt: z.string(),
    disabledNotice: z.string().optional().describe('set while all its services are switched off'),
    services: z.array(shownServiceSchema),
  })
  .openapi('ServiceDescription');

const versionedSchema = z.object({ serviceCode: z.string(), serviceVersion: z.string().optional() });
export const differenceSchema = z
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

/** A WSDL that was read, and where it is read from now on. */
interface ReadDescription {
  readonly imported: ImportedWsdl;
  readonly place: Pick<WsdlDescription, 'url' | 'certificates'>;
}

/**
 * Reads a WSDL as it was asked for.
 * @param before where it was read before, if it was
 * @throws WsdlError, CertificateError; Problem document-expected
 */
export async function readDescription(
  { url: newUrl, certificates: pems, document }: z.infer<typeof sourceAgainSchema>,
  before: ReadDescription['place'] = { certificates: [] },
): Promise<ReadDescription> {
  if (document !== undefined) {
    const bytes = Buffer.from(document, 'base64');
    const place = {
      ...(newUrl !== undefined && { url: newUrl }),
      certificates: readCertificates(pems ?? []),
    };
    return { imported: await importWsdl({ kind: 'bytes', bytes }), place };
  }
  const url = newUrl ?? before.url;
  if (url === undefined) {
    throw new Problem(
      422,
      'document-expected',
      'The description was uploaded: send the new one as document, or a url to read it from',
    );
  }
  const certificates = pems === undefined ? before.certificates : readCertificates(pems);
  return { imported: await importWsdl({ kind: 'url', url, certificates }), place: { url, certificates } };
}

/** What accepting a WSDL would change in the services that came from it before. */
export function showDifference(
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
