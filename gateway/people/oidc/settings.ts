import { z } from '@hono/zod-openapi';
import { roles } from '../../http/index.ts';

const claim = z.string().min(1).max(200);

/** How people sign in with an identity provider. */
export const oidcSettingsSchema = z
  .object({
    issuer: z
      .url({ protocol: /^https?$/ })
      .refine(isSafe, { error: 'an issuer is reached over https, except on this machine' }),
    clientId: z.string().min(1).max(200),
    /** Absent: a client without a secret, which PKCE alone protects. */
    clientSecretFile: z.string().optional(),
    scopes: z
      .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/))
      .max(20)
      .default(['openid', 'profile']),
    nameClaim: claim.default('preferred_username'),
    /** A claim that is text or a list of texts; dots lead into objects: `realm_access.roles`. */
    rolesClaim: claim,
    /** Roles that each value of that claim gives. */
    roleMapping: z.record(z.string(), z.array(z.enum(roles)).min(1)),
  })
  .strict();

export type OidcSettings = z.infer<typeof oidcSettingsSchema>;

function isSafe(issuer: string): boolean {
  const { protocol } = new URL(issuer);
  return protocol === 'https:' || isOnThisMachine(issuer);
}

/** @param issuer address */
export function isOnThisMachine(issuer: string): boolean {
  const { hostname } = new URL(issuer);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
