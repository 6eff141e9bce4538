import { z } from '@hono/zod-openapi';

const count = z.number().int();
const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly();

const recordSchema = z
  .object({
    index: count.describe('place in the log'),
    sequence: count.describe('number within client, provider, direction and side'),
    at: z.string(),
    direction: z.enum(['request', 'response']),
    side: z.enum(['client', 'provider']),
    protocol: z.enum(['rest', 'soap']),
    client: z.string(),
    provider: z.string(),
    service: z.string(),
    queryId: z.string(),
    requestId: z.string(),
    userId: z.string().nullable(),
    issue: z.string().nullable(),
    status: count.nullable(),
  })
  .openapi('EvidenceRecord');

export const pageSchema = z
  .object({ records: list(recordSchema), next: z.string().nullable().describe('cursor of the next page') })
  .openapi('EvidencePage');

const partySchema = z.object({
  id: z.string(),
  memberName: z.string().nullable(),
  subsystemName: z.string().nullable(),
});

const shownRecordSchema = z
  .object({
    index: count,
    sequence: count,
    at: z.string(),
    direction: z.enum(['request', 'response']),
    side: z.enum(['client', 'provider']),
    status: count.nullable(),
    configuration: z.string(),
    signature: z
      .object({
        certificate: z.object({
          subject: z.string(),
          issuer: z.string(),
          serialNumber: z.string(),
          validFrom: z.string(),
          validTo: z.string(),
          sha256: z.string(),
        }),
        signedAt: z.string().nullable(),
        ocspProducedAt: z.string().nullable(),
      })
      .nullable(),
    timestamp: z
      .object({ at: z.string(), authority: z.string().nullable(), checkpointSize: count.nullable() })
      .nullable(),
    head: z.object({ octets: count.nullable(), isErased: z.boolean() }),
    bodies: list(z.object({ position: count, octets: count, sha512: z.string(), isErased: z.boolean() })),
  })
  .openapi('ShownEvidence');

const gapSchema = z.object({ pair: z.string(), after: count, before: count.nullable() });

const verdictSchema = z
  .object({
    valid: z.boolean(),
    code: z.string().nullable(),
    reason: z.string().nullable(),
    place: z.string().nullable(),
    steps: list(
      z.object({
        id: z.string(),
        about: z.string(),
        state: z.enum(['good', 'bad', 'absent']),
        code: z.string().nullable(),
        text: z.string(),
        details: list(z.tuple([z.string(), z.string()]).readonly()),
      }),
    ),
    gaps: list(gapSchema),
    warnings: list(z.string()),
  })
  .openapi('EvidenceVerdict');

export const shownExchangeSchema = z
  .object({
    queryId: z.string(),
    exchanges: list(
      z.object({
        client: partySchema,
        provider: partySchema,
        service: z.string(),
        requestId: z.string(),
        protocol: z.enum(['rest', 'soap']),
        userId: z.string().nullable(),
        issue: z.string().nullable(),
        records: list(shownRecordSchema),
        sentences: list(z.string()),
      }),
    ),
    verdict: verdictSchema,
    areBodiesJudged: z.boolean(),
  })
  .openapi('ShownExchanges');

const tallySchema = z.object({ index: count, at: z.string() }).nullable();

export const gapReportSchema = z
  .object({
    from: z.string(),
    to: z.string(),
    party: z.string().nullable(),
    countedFrom: tallySchema,
    countedTo: tallySchema,
    pairs: count,
    records: count,
    gaps: list(
      gapSchema.extend({ missing: count, afterAt: z.string().nullable(), beforeAt: z.string().nullable() }),
    ),
    omitted: count,
  })
  .openapi('GapReport');

export const statisticsAnswerSchema = z
  .object({
    rows: list(
      z.object({
        client: z.string(),
        provider: z.string(),
        service: z.string().nullable(),
        side: z.enum(['client', 'provider']),
        requests: count,
        responses: count,
        failed: count,
        bodyOctets: count,
        firstDay: z.string(),
        lastDay: z.string(),
      }),
    ),
    omitted: count,
  })
  .openapi('EvidenceStatistics');

export const checkReportSchema = z
  .object({
    isClean: z.boolean(),
    findings: list(
      z.object({
        code: z.string(),
        place: z.string(),
        partition: z.string().optional().describe('month of the log where that is'),
        text: z.string(),
      }),
    ),
    omitted: count,
    size: count,
    checked: count,
    removed: count,
    timestamps: count,
    partitions: count,
    isOpened: z.boolean(),
  })
  .openapi('LogCheck');
