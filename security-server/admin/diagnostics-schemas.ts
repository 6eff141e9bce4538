import { z } from '@hono/zod-openapi';
import type { Cause, Mender, Severity } from '../diagnostics/index.ts';
import { diskLevelSchema } from './disk.ts';

const severities = ['stops', 'will-stop', 'warns'] as const satisfies readonly Severity[];
const menders = [
  'system-administrator',
  'security-officer',
  'service-administrator',
  'registration-officer',
  'registry',
  'authority',
  'peer',
  'network',
] as const satisfies readonly Mender[];
const instant = z.iso.datetime();

export const languageQuery = z.object({
  language: z.enum(['en', 'de']).default('en').describe('of causes and remedies'),
});
export type Language = z.infer<typeof languageQuery>['language'];

const explained = {
  code: z.string().describe('stable; docs/diagnoses.md has them all'),
  checked: z.string().describe('what was looked at'),
  cause: z.string(),
  remedy: z.string(),
  who: z.enum(menders).describe('who mends it: a role here, or somebody elsewhere'),
};

export function explain(
  code: string,
  { checked, cause, remedy, who }: Cause,
  language: Language,
): z.infer<z.ZodObject<typeof explained>> {
  return { code, checked: checked[language], cause: cause[language], remedy: remedy[language], who };
}

export const diagnosisSchema = z
  .object({
    ...explained,
    severity: z
      .enum(severities)
      .describe('stops: exchange, or what the subject names of it; warns: exchange works without it'),
    subject: z.string().describe('what it is about'),
    detail: z.string().optional().describe('what exactly was seen'),
    href: z.string().describe('page of the console on which it is mended'),
    since: instant.describe('as far as this server knows'),
  })
  .openapi('Diagnosis');

const failure = z.object({ at: instant, text: z.string() });
const askedSchema = z.object({
  url: z.string(),
  lastGoodAt: instant.optional(),
  failsSince: instant.optional(),
  failure: failure.optional().describe('of the last question; absent: it was answered'),
});
const wayShape = {
  lastGoodAt: instant.optional(),
  failsSince: instant.optional().describe('absent: the last went well'),
  failure: failure.optional().describe('the last that there was'),
};

export const diagnosticsSchema = z
  .object({
    checkedAt: instant,
    diagnoses: z.array(diagnosisSchema),
    configuration: z.object({
      instance: z.string(),
      id: z.string().optional(),
      expiresAt: instant.optional(),
      fetchedAt: instant.optional().describe('when a good one came last, since the start'),
      sources: z.array(askedSchema),
    }),
    timestamping: z.object({
      lastTimestampAt: instant.optional(),
      recordsWithoutTimestamp: z.number(),
      authorities: z.array(askedSchema.extend({ name: z.string().optional() })),
    }),
    ocsp: z.array(z.object({ authority: z.string(), responders: z.array(askedSchema) })),
    certificates: z.array(
      z.object({
        name: z.string(),
        use: z.enum(['signing', 'authentication']),
        member: z.string().optional(),
        issuer: z.string(),
        notBefore: instant,
        notAfter: instant,
        isActive: z.boolean(),
        statusUntil: instant.optional().describe('until when the OCSP response at hand is good'),
      }),
    ),
    clock: z.object({
      aheadMilliseconds: z
        .number()
        .optional()
        .describe('median of the last hour; below 0: behind; absent: nobody said the time'),
      observations: z.array(
        z.object({ kind: z.string(), url: z.string(), at: instant, aheadMilliseconds: z.number() }),
      ),
    }),
    disk: z.object({
      level: diskLevelSchema,
      bytesFree: z.number().optional(),
      daysUntilFull: z.number().optional().describe('absent: it does not become full, or nobody can tell'),
      detail: z.string(),
    }),
    peers: z.array(z.object({ provider: z.string(), ...wayShape })),
    services: z.array(z.object({ service: z.string(), ...wayShape })),
    backups: z.object({
      isGood: z.boolean(),
      code: z.string(),
      detail: z.string(),
      newestAt: instant.optional(),
    }),
  })
  .openapi('Diagnostics');

const identifier = z.string().min(1).max(500);
export const probeQuestionSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('registry') }),
    z.strictObject({
      kind: z.literal('peer'),
      provider: identifier.openapi({ example: 'DEV:MUN:2001:permits' }),
    }),
    z.strictObject({
      kind: z.literal('service'),
      provider: identifier.openapi({ example: 'DEV:GOV:1001:population' }),
      serviceCode: identifier,
      serviceVersion: identifier.optional(),
    }),
  ])
  .openapi('ConnectionTest');

export const probeSchema = z
  .object({
    kind: z.enum(['configuration', 'registration', 'peer', 'service']),
    target: z.string(),
    isGood: z.boolean(),
    found: z.string(),
    diagnosis: z.object(explained).optional().describe('absent: it is good'),
    durationMilliseconds: z.number(),
  })
  .openapi('ConnectionTestResult');
