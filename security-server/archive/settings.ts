import { z } from 'zod';

const secret = z.string().min(1).max(4_096);
const file = z.string().min(1);
const group = z.string().regex(/^[^:\s]+(:[^:\s]+){2,3}$/, 'expected instance:class:member[:subsystem]');
const https = z.url({ protocol: /^https$/, error: 'an https address is expected' });
const endpoint = z.url({ protocol: /^https?$/, error: 'an http or https address is expected' });

const targetSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('folder'), path: file }),
  z.strictObject({
    kind: z.literal('https'),
    /** The file name is appended. */
    url: https,
    method: z.enum(['PUT', 'POST']).default('PUT'),
    /** PEM file; without it the roots of the machine count. */
    rootsFile: file.optional(),
    /** PEM file of the very certificate of the server. */
    pinnedCertificateFile: file.optional(),
    /** File with the value of the Authorization header. */
    authorizationFile: file.optional(),
    /** The server shows not again what it took: its answer 2xx is believed. */
    trustAnswer: z.boolean().default(false),
  }),
  z.strictObject({
    kind: z.literal('s3'),
    endpoint,
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'this is not the name of a bucket'),
    prefix: z
      .string()
      .regex(/^([A-Za-z0-9._-]+\/)*$/, 'expected folders, each ended by /')
      .default(''),
    region: z.string().min(1).default('us-east-1'),
    accessKeyId: secret,
    secretAccessKeyFile: file,
  }),
]);

/** How the message log is archived: `archive` in the settings file of a server. */
export const archiveSettingsSchema = z
  .strictObject({
    grouping: z.enum(['none', 'member', 'subsystem']).default('none'),
    target: targetSchema,
    /** Files with armored OpenPGP public keys, by group; `default` for those not named. */
    recipients: z.record(z.union([z.literal('default'), group]), z.array(file).min(1)).optional(),
    /** Octets of messages after which the next archive begins. */
    maxBytes: z
      .number()
      .int()
      .min(1_024)
      .max(512 * 1024 * 1024)
      .default(33_554_432),
    /** 0: only when asked. */
    intervalHours: z.number().min(0).max(8_760).default(6),
    /** Days after which what is archived is removed from the log; absent: never. */
    keepDays: z.number().int().min(0).max(36_500).optional(),
  })
  .describe('archive of the message log');

export type ArchiveSettings = z.infer<typeof archiveSettingsSchema>;
export type TargetSettings = ArchiveSettings['target'];
