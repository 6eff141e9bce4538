import type { KeyObject } from 'node:crypto';
import { decodeProtectedHeader, EmbeddedJWK, errors, jwtVerify } from 'jose';
import { z } from 'zod';

/** `typ` of the token: no other token of the instance passes for an invitation. */
export const invitationType = 'waygate-invitation+jwt';

/** The one algorithm: whatever else a header names is refused before a key is looked at. */
export const invitationAlgorithm = 'EdDSA';

/** Characters of an invitation; whole ones have about 1,500. */
const maxInvitationLength = 8192;

const code = z.string().min(1).max(255);
const url = z.url({ protocol: /^https?$/ }).max(1024);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What an invitation says. Instants are seconds since 1970, as in every JWT (RFC 7519). */
const invitationClaimsSchema = z.object({
  jti: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  iat: z.number().int(),
  exp: z.number().int(),
  /** Instance that invites. */
  iss: code,
  member: z.object({ memberClass: code, memberCode: code, name: code }),
  /** Of the server to found. */
  serverCode: code,
  /** Where the configuration is, for the test of connections. */
  configurationUrl: url,
  /** Of the anchor file that redemption hands out: hex SHA-256. */
  anchorSha256: sha256,
  /** Registration service, beside which invitations are redeemed. */
  registrationUrl: url,
  /** Certificate that the registration service shows: hex SHA-256 of its DER. */
  registrationCertificateSha256: sha256,
  /** Where certificates are fetched, when the authority of the instance gives them out by itself. */
  enrolment: z.object({ url, token: z.string().min(20).max(200) }).optional(),
});

export type InvitationClaims = z.infer<typeof invitationClaimsSchema>;

/** `malformed`: not an invitation, or damaged on its way. `expired`: ask for a new one. */
export type InvitationErrorCode = 'malformed' | 'expired';

export class InvitationError extends Error {
  override readonly name = 'InvitationError';
  readonly code: InvitationErrorCode;

  constructor(code: InvitationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Reads an invitation as its receiver, who knows no key of the instance yet: the signature, by the key that comes
 * with it, shows that the text is whole, and not from whom it is. From whom it is says the channel it came by; that
 * it is the instance's own, unused, is for the registry to say at redemption.
 * @throws InvitationError
 */
export function readInvitation(text: string, now: Date): Promise<InvitationClaims> {
  return verifyInvitation(text, now, EmbeddedJWK);
}

/**
 * @param key that must have signed it
 * @throws InvitationError
 */
export async function verifyInvitation(
  text: string,
  now: Date,
  key: typeof EmbeddedJWK | KeyObject,
): Promise<InvitationClaims> {
  const token = text.trim();
  if (token.length > maxInvitationLength || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) {
    throw malformed('it is one text of three parts with dots between them');
  }
  try {
    const header = decodeProtectedHeader(token);
    if (header.crit !== undefined) throw malformed('its header demands what is not known here');
    const options = {
      algorithms: [invitationAlgorithm],
      typ: invitationType,
      requiredClaims: ['jti', 'iat', 'exp', 'iss'],
      currentDate: now,
    };
    const { payload } =
      typeof key === 'function' ? await jwtVerify(token, key, options) : await jwtVerify(token, key, options);
    const claims = invitationClaimsSchema.safeParse(payload);
    if (!claims.success) throw malformed(claims.error.issues[0]?.message ?? 'it says something else');
    return claims.data;
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      throw new InvitationError('expired', 'the invitation expired: ask the registry for a new one', {
        cause: error,
      });
    }
    if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof SyntaxError) {
      throw malformed(error.message, error);
    }
    throw error;
  }
}

function malformed(what: string, cause?: unknown): InvitationError {
  const message = `this is no whole invitation of a Waygate registry (${what}): copy it again, from beginning to end`;
  return new InvitationError('malformed', message, { cause });
}
