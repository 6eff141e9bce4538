import { z } from 'zod';

/**
 * Certificate profiles as data: how the subject of a signing certificate names a member.
 *
 * Everything is done by comparing, cutting and counting. There are no regular expressions: a definition comes from an
 * administrator, a subject from whoever holds a certificate, and reading the one by the other takes a time that is
 * linear in their lengths, whatever both say.
 */

/** Attributes that have a short name here; every other one is named by its dotted OID. */
export const attributeOids = {
  CN: '2.5.4.3',
  serialNumber: '2.5.4.5',
  C: '2.5.4.6',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  businessCategory: '2.5.4.15',
  organizationIdentifier: '2.5.4.97',
} as const;

const text = z.string().min(1).max(255);

const attributeNames = new Set<string>(Object.keys(attributeOids));

const attributeSchema = z
  .string()
  .max(64)
  .refine((name) => attributeNames.has(name) || /^[0-2](\.[0-9]{1,10}){1,20}$/.test(name), {
    error: `expected one of ${[...attributeNames].join(', ')}, or a dotted OID`,
  })
  .describe('attribute of the subject: its short name, or its dotted OID');

const conditionSchema = z
  .strictObject({
    attribute: attributeSchema,
    equals: text.optional(),
    startsWith: text.optional(),
  })
  .describe('the attribute is there, and its value is so');

const charactersSchema = z
  .enum(['digits', 'letters', 'letters-and-digits'])
  .describe('what every character must be; letters are those of ASCII');

const splitSchema = z
  .strictObject({
    separator: z.string().min(1).max(8),
    parts: z.int().min(1).max(20).describe('how many there must be, none of them empty'),
    part: z.int().min(1).max(20).describe('which one counts, from 1'),
  })
  .refine(({ part, parts }) => part <= parts, {
    path: ['part'],
    error: 'there are not so many parts',
  });

const shapeSchema = z
  .strictObject({
    characters: charactersSchema.optional(),
    minLength: z.int().min(1).max(255).optional(),
    maxLength: z.int().min(1).max(255).optional(),
  })
  .refine(({ minLength = 1, maxLength = 255 }) => minLength <= maxLength, {
    path: ['maxLength'],
    error: 'is less than minLength',
  });

const rowSchema = z
  .strictObject({ equals: text.optional(), startsWith: text.optional(), gives: text })
  .refine(({ equals, startsWith }) => (equals === undefined) !== (startsWith === undefined), {
    error: 'needs one of equals and startsWith, not both',
  });

const subjectSchema = z
  .strictObject({
    from: z.literal('subject'),
    attribute: attributeSchema,
    after: text.optional().describe('what the value must begin with; what follows counts'),
    split: splitSchema.optional().describe('takes one part of what is left'),
    shape: shapeSchema.optional().describe('what is left must be so'),
    table: z.array(rowSchema).min(1).max(100).optional().describe('the first row that fits says the value'),
  })
  .describe('read from the subject: steps apply in the order after, split, shape, table');

const constantSchema = z.strictObject({ from: z.literal('constant'), value: text }).describe('always this');

const signerSchema = z
  .strictObject({ from: z.literal('signer') })
  .describe('the instance of whom the signer is expected to be; the subject does not say it');

const fieldSchema = z.discriminatedUnion('from', [subjectSchema, constantSchema]);
const instanceSchema = z.discriminatedUnion('from', [subjectSchema, constantSchema, signerSchema]);

const formSchema = z
  .strictObject({
    shownBy: z
      .array(conditionSchema)
      .max(10)
      .describe('shows that a subject is written in this form; none: every subject is'),
    needs: z.array(conditionSchema).max(10).optional().describe('what must hold besides, or it is refused'),
    instance: instanceSchema,
    memberClass: fieldSchema,
    memberCode: fieldSchema,
  })
  .describe('one way to write a subject');

/** Ways to write a subject: the first one that shows is read, also when it then turns out to be incomplete. */
export const formsSchema = z.array(formSchema).min(1).max(20);

/** Names a profile of an instance. Without dots, so that it is never taken for the class name of another program. */
export const profileNameSchema = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,99}$/, 'expected a letter, then up to 99 letters, digits, _ or -');

export const certificateProfileSchema = z.strictObject({
  name: profileNameSchema,
  description: z.string().max(1_000),
  forms: formsSchema,
});

export type CertificateProfile = z.infer<typeof certificateProfileSchema>;
export type Form = z.infer<typeof formSchema>;
export type Field = z.infer<typeof instanceSchema>;
export type Reading = z.infer<typeof subjectSchema>;
export type Condition = z.infer<typeof conditionSchema>;
export type Characters = z.infer<typeof charactersSchema>;
