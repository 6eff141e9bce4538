import { anchorFingerprint, writeAnchor } from '../../gateway/configuration/index.ts';
import { type ConfigurationSource, listKeys, type Register, RegisterError } from '../register/index.ts';

/** The file that makes others trust this registry: where its configuration is, and which keys may sign it. */
export interface Anchor {
  readonly xml: Buffer;
  readonly downloadUrl: string;
  /** SHA-224 of the file as people compare it: upper-case hex with colons. */
  readonly sha224: string;
  /** Keys it makes trusted: the one that signs, and those waiting or passing away. */
  readonly keyIds: readonly string[];
}

/**
 * The anchor as of now. It changes when a key is added or removed, so hand it out again then.
 * @param baseUrl of the served configuration, without a slash at its end
 * @throws RegisterError not-found while the source has no key
 */
export async function readAnchor(
  register: Register,
  source: ConfigurationSource,
  baseUrl: string,
  generatedAt: Date,
): Promise<Anchor> {
  const keys = (await register.read(listKeys)).filter((key) => key.source === source);
  if (keys.length === 0) throw new RegisterError('not-found', `the ${source} configuration has no key yet`);
  const downloadUrl = `${baseUrl}/${source}conf`;
  const verificationCerts = keys.map(({ certificate }) => certificate);
  const xml = writeAnchor({
    instance: register.instance,
    generatedAt,
    sources: [{ url: downloadUrl, verificationCerts }],
  });
  return { xml, downloadUrl, sha224: anchorFingerprint(xml), keyIds: keys.map(({ keyId }) => keyId) };
}
