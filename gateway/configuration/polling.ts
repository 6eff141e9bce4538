import { createHash } from 'node:crypto';

/**
 * How servers of this program ask its registries for the directory: as everybody does, and with what readers of other
 * makes never send and never see.
 */

/** Header in which a server says who it is, in encoded form. Nothing proves it. */
export const pollingServerHeader = 'waygate-server';

/** Header in which it says which directory it has in force, by its tag. */
export const pollingConfigurationHeader = 'waygate-configuration';

/** Names a signed directory by its octets: the entity tag under which registries serve it, without quotes. */
export function directoryTag(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('base64url').slice(0, 22);
}
