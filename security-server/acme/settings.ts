import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { ExternalAccount } from './account-key.ts';
import { AcmeError, messageOf } from './error.ts';

const file = z.string().min(1);

const externalAccountSchema = z
  .strictObject({
    /** As the authority names it. */
    keyId: z.string().min(1).max(500),
    /** File with the MAC key alone, base64url as the authority gave it. */
    macKeyFile: file.optional(),
    /** Name of the environment variable that holds it instead. */
    macKeyVariable: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]{0,99}$/, 'expected the name of an environment variable')
      .optional(),
  })
  .refine(({ macKeyFile, macKeyVariable }) => (macKeyFile === undefined) !== (macKeyVariable === undefined), {
    error: 'either macKeyFile or macKeyVariable is expected',
  });

const directorySettingsSchema = z.strictObject({
  /** As the configuration of the instance names it. */
  url: z.url({ protocol: /^https$/, error: 'an https address is expected' }),
  /** Whether somebody has read the terms of the authority, and agrees. */
  agreesToTerms: z.boolean().default(false),
  /** PEM certificates that verify its server, instead of those of public authorities. */
  trustFile: file.optional(),
  externalAccount: externalAccountSchema.optional(),
});

/** How certificates are ordered over ACME: `acme` in the settings file of a server. */
export const acmeSettingsSchema = z
  .strictObject({
    /** Mail addresses that authorities may write to. */
    contact: z.array(z.email()).max(10).default([]),
    /** Where authorities are shown that the address of this server is ours, while one wants to see it. */
    listenHost: z.string().min(1).default('0.0.0.0'),
    /** They ask at port 80: another one when something leads here from there. */
    listenPort: z.number().int().min(0).max(65_535).default(80),
    /** Whether certificates that an authority issued over ACME are renewed by themselves. */
    renew: z.boolean().default(true),
    directories: z.array(directorySettingsSchema).max(20).default([]),
  })
  .refine(({ directories }) => new Set(directories.map(({ url }) => url)).size === directories.length, {
    error: 'each directory is named once',
  })
  .describe('certificates ordered over ACME');

export type AcmeSettings = z.infer<typeof acmeSettingsSchema>;
export type DirectorySettings = z.infer<typeof directorySettingsSchema>;

/** What is set for a directory; what holds when nothing is. */
export function directoryOf({ directories }: AcmeSettings, url: string): DirectorySettings {
  return directories.find((one) => one.url === url) ?? { url, agreesToTerms: false };
}

/** The least octets an HS256 key may have. @see RFC 7518 §3.2 */
const leastMacKeyBytes = 32;

/** @throws AcmeError not-set-up */
export async function readExternalAccount(
  { externalAccount }: DirectorySettings,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ExternalAccount | undefined> {
  if (externalAccount === undefined) return undefined;
  const { keyId, macKeyFile, macKeyVariable = '' } = externalAccount;
  const where = macKeyFile ?? macKeyVariable;
  const text =
    macKeyFile === undefined
      ? environment[macKeyVariable]
      : await readFile(macKeyFile, 'utf8').catch((cause: unknown) => {
          throw new AcmeError('not-set-up', `the MAC key of the external account: ${messageOf(cause)}`, {
            cause,
          });
        });
  const macKey = Buffer.from(text?.trim() ?? '', 'base64url');
  const isWhole = /^[\w-]+={0,2}$/.test(text?.trim() ?? '') && macKey.length >= leastMacKeyBytes;
  if (isWhole) return { keyId, macKey };
  throw new AcmeError(
    'not-set-up',
    `${where} holds no MAC key of ${leastMacKeyBytes} octets or more in base64url`,
    {
      remedy: 'put the MAC key of the external account there, as the authority gave it',
    },
  );
}
