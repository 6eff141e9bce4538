import { randomBytes } from 'node:crypto';
import type { Token } from '../../certs/token/index.ts';
import { type ConfigurationVersion, writeDirectory } from '../../gateway/configuration/index.ts';
import type { ConfigurationSource, RegisterContent } from '../register/index.ts';
import type { Part } from './parts.ts';

export interface DirectoryWanted {
  readonly source: ConfigurationSource;
  readonly version: ConfigurationVersion;
  /** Path under which the parts are served, such as `/V6/20260102030405678000000`. */
  readonly location: string;
  readonly parts: readonly Part[];
  readonly expiresAt: Date;
}

/**
 * Signs the list of parts of one source with the key that is active for it.
 * @throws TokenError not-active, key-not-found; Error when the source has no active key
 */
export async function signDirectory(
  { source, version, location, parts, expiresAt }: DirectoryWanted,
  { instance, keys }: RegisterContent,
  token: Pick<Token, 'signingKey'>,
): Promise<Buffer> {
  const active = keys.find((key) => key.source === source && key.isActive);
  if (active === undefined) throw new Error(`the ${source} configuration has no key to sign it`);
  const named = parts
    .filter(({ sources }) => sources.includes(source))
    .map(({ contentIdentifier, fileName, content }) => ({
      contentIdentifier,
      instance,
      location: `${location}/${fileName}`,
      content,
    }));
  return writeDirectory(
    { version, expiresAt, parts: named, verificationCert: active.certificate },
    token.signingKey(active.keyId),
    () => randomBytes(16).toString('hex'),
  );
}
