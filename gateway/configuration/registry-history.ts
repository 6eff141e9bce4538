import { z } from 'zod';
import { malformed } from './xml-fields.ts';

/** What a configuration commits to: all changes of the register that it was made from. */
export interface RegistryHistory {
  /** Key of the history: `<name>+<key id>+<base64 key>`. */
  readonly verifierKey: string;
  /** Signed note of the history as of this configuration. */
  readonly checkpoint: string;
  /** Path of the folder with its tiles, on the host of the configuration. */
  readonly location: string;
}

/**
 * Content identifier of the part that says it. Readers of X-Road store a part that they do not know and do not look
 * into it; the directory's signature covers its hash.
 */
export const registryHistoryPart = 'REGISTRY-HISTORY';

const maxBytes = 16 * 1024;
const line = z.string().min(1).max(1_000);
const schema = z.object({
  verifierKey: line,
  checkpoint: z.string().min(1).max(10_000),
  location: z.string().regex(/^\/[a-z0-9/-]{0,100}$/),
});

export function writeRegistryHistory({ verifierKey, checkpoint, location }: RegistryHistory) {
  return {
    contentIdentifier: registryHistoryPart,
    fileName: 'registry-history.json',
    content: Buffer.from(`${JSON.stringify({ verifierKey, checkpoint, location })}\n`),
  } as const;
}

/** @throws Fault MalformedGlobalConf */
export function readRegistryHistory(content: Buffer): RegistryHistory {
  if (content.length > maxBytes)
    throw malformed(`the part ${registryHistoryPart} is longer than ${maxBytes} octets`);
  try {
    return schema.parse(JSON.parse(content.toString('utf8')));
  } catch (cause) {
    if (!(cause instanceof SyntaxError) && !(cause instanceof z.ZodError)) throw cause;
    throw malformed(`the part ${registryHistoryPart} cannot be read: ${cause.message}`, cause);
  }
}
