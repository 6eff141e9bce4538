import { z } from 'zod';

/** Settings `tokens`: devices that sign, besides the token in the folder of the server. */
export const tokenSettingsSchema = z
  .array(
    z
      .strictObject({
        module: z.string().min(1).describe('file of the PKCS#11 module of its maker'),
        serial: z.string().optional().describe('serial number of the token'),
        label: z.string().optional().describe('its label, in place of the number'),
        pinFile: z
          .string()
          .optional()
          .describe(
            'file with its PIN: it is signed in when the server starts; absent: through the administration',
          ),
        pinCommand: z
          .union([z.string().min(1), z.array(z.string()).min(1)])
          .optional()
          .describe('program, or program and arguments, that writes its PIN, in place of the file'),
        sessions: z
          .number()
          .int()
          .min(1)
          .max(64)
          .optional()
          .describe('signatures that it makes at a time (4)'),
        pss: z.boolean().optional().describe('true: RSA keys sign with PSS (PKCS#1 v1.5)'),
        environment: z
          .record(z.string(), z.string())
          .optional()
          .describe('variables that its module reads; it gets no others'),
      })
      .refine(({ serial, label }) => serial !== undefined || label !== undefined, {
        error: 'serial or label of the token is expected: a module may have several',
      })
      .refine(({ pinFile, pinCommand }) => pinFile === undefined || pinCommand === undefined, {
        error: 'pinFile or pinCommand is expected, not both',
      }),
  )
  .max(16);

export type TokenSettings = z.infer<typeof tokenSettingsSchema>;

/** What administrators call a device. */
export function nameOfDevice({ label, serial }: Pick<TokenSettings[number], 'label' | 'serial'>): string {
  return label ?? serial ?? '';
}
