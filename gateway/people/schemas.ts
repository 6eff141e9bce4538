import { z } from '@hono/zod-openapi';
import { roles } from '../http/index.ts';
import { maxPasswordUnits } from './password-policy.ts';

export const json = <Schema extends z.ZodType>(schema: Schema) => ({
  content: { 'application/json': { schema } },
});
export const body = <Schema extends z.ZodType>(schema: Schema) => ({
  body: { required: true, ...json(schema) },
});

export const roleSchema = z.enum(roles);
export const rolesSchema = z.array(roleSchema).min(1).max(roles.length);
/** Looser than what names may be: whoever signs in hears nothing of the rule. */
export const typedNameSchema = z.string().min(1).max(200);
export const passwordSchema = z.string().min(1).max(maxPasswordUnits).openapi({ format: 'password' });
export const codeSchema = z.string().min(1).max(40);
/** One line, as it is shown in lists and in the audit log. */
export const labelSchema = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u, 'one line of visible characters');

export const credentialsSchema = z
  .object({ name: typedNameSchema, password: passwordSchema, code: codeSchema.optional() })
  .strict()
  .openapi('Credentials');

export const newSecondFactorSchema = z
  .object({
    secret: z.string().describe('base32, to be typed into an authenticator app'),
    address: z.string().describe('otpauth: address of the same, to be shown as a QR code'),
    recoveryCodes: z.array(z.string()).describe('each takes the place of one code, once; shown this once'),
  })
  .openapi('NewSecondFactor');

export const userSchema = z
  .object({
    name: z.string(),
    roles: z.array(roleSchema),
    signsInWith: z.enum(['password', 'oidc']),
    hasSecondFactor: z.boolean(),
    createdAt: z.string(),
    signedInAt: z.string().optional(),
  })
  .openapi('User');

export const sessionSchema = z
  .object({
    name: z.string(),
    kind: z.enum(['user', 'key', 'file-key']),
    roles: z.array(roleSchema),
    csrfToken: z.string().optional().describe('to be sent in x-csrf-token with every change'),
    expiresAt: z.string().optional().describe('when the session ends, if it is not used before'),
    hasSecondFactor: z.boolean().optional(),
    recoveryCodesLeft: z.number().int().optional(),
  })
  .openapi('CurrentSession');

export const listedSessionSchema = z
  .object({
    id: z.string(),
    isCurrent: z.boolean(),
    address: z.string(),
    userAgent: z.string(),
    beganAt: z.string(),
    usedAt: z.string(),
    expiresAt: z.string(),
  })
  .openapi('Session');

export const apiKeySchema = z
  .object({
    id: z.number().int(),
    label: z.string(),
    roles: z.array(roleSchema).describe('as it was made'),
    effectiveRoles: z.array(roleSchema).describe('those of them that its creator has now'),
    creator: z.string().optional().describe('absent: made with the key of the data folder'),
    createdAt: z.string(),
    expiresAt: z.string(),
    usedAt: z.string().optional().describe('to the minute'),
  })
  .openapi('ApiKey');
