import { z } from 'zod';
import { type CertificateProfile, certificateProfileSchema } from '../certificate-profile/index.ts';
import { malformed } from './xml-fields.ts';

/** Certificate profiles of an instance's own, and whose certificates are read by them. */
export interface OwnProfiles {
  readonly profiles: readonly CertificateProfile[];
  /** Authorities of the shared parameters whose `certificateProfileInfo` does not count here. */
  readonly authorities: readonly {
    /** SHA-256 of the authority's certificate, lower-case hex. */
    readonly sha256: string;
    /** Name of one of `profiles`. */
    readonly profile: string;
  }[];
}

/**
 * Content identifier of the part that says it, of own and other instances. Readers of X-Road store a part that they do
 * not know and go by the class name in the shared parameters; the directory's signature covers its hash.
 */
export const certificateProfilesPart = 'CERTIFICATE-PROFILES';

const maxBytes = 2 * 1024 * 1024;
const schema = z.object({
  profiles: z.array(certificateProfileSchema).max(100),
  authorities: z
    .array(z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), profile: z.string().max(100) }))
    .max(1_000),
});

export function writeCertificateProfiles({ profiles, authorities }: OwnProfiles) {
  return {
    contentIdentifier: certificateProfilesPart,
    fileName: 'certificate-profiles.json',
    content: Buffer.from(`${JSON.stringify({ profiles, authorities })}\n`),
  } as const;
}

/**
 * Reads the part. One that cannot be read makes the configuration unreadable: to go by the class names of the shared
 * parameters instead could take a certificate for that of another member.
 * @throws Fault MalformedGlobalConf
 */
export function readCertificateProfiles(content: Buffer): OwnProfiles {
  const refuse = (why: string, cause?: Error) =>
    malformed(`the part ${certificateProfilesPart} cannot be read: ${why}`, cause);
  if (content.length > maxBytes) throw refuse(`it is longer than ${maxBytes} octets`);
  const own = parse(content, refuse);
  const names = new Set(own.profiles.map(({ name }) => name));
  if (names.size < own.profiles.length) throw refuse('two profiles have one name');
  const known = new Set(own.authorities.map(({ sha256 }) => sha256));
  if (known.size < own.authorities.length) throw refuse('an authority is named twice');
  const astray = own.authorities.find(({ profile }) => !names.has(profile));
  if (astray !== undefined) throw refuse(`an authority goes by '${astray.profile}', which is not in it`);
  return own;
}

function parse(content: Buffer, refuse: (why: string, cause: Error) => Error): OwnProfiles {
  try {
    return schema.parse(JSON.parse(content.toString('utf8')));
  } catch (cause) {
    if (!(cause instanceof SyntaxError) && !(cause instanceof z.ZodError)) throw cause;
    throw refuse(cause.message, cause);
  }
}
