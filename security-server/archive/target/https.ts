import { ArchivingError } from '../archive-source.ts';
import { sha256Of } from '../sha256.ts';
import { type AskOptions, ask, requireTaken } from './ask.ts';
import type { ArchiveTarget } from './target.ts';

export interface HttpsTargetOptions extends AskOptions {
  /** Address of the folder; the name of the file is appended. */
  readonly url: string;
  readonly method: 'PUT' | 'POST';
  /** Value of the Authorization header. */
  readonly authorization?: string;
  /** An answer 2xx is all there is to see that it arrived. */
  readonly trustAnswer: boolean;
}

const maxAnswer = 64 * 1024;

/** Archives that are sent to a web server, which shows them again to whoever sent them. */
export class HttpsTarget implements ArchiveTarget {
  readonly #options: HttpsTargetOptions;

  constructor(options: HttpsTargetOptions) {
    this.#options = options;
  }

  get place(): string {
    return this.#options.url;
  }

  async put(name: string, bytes: Buffer, sha256: string): Promise<void> {
    const { url: folder, method, authorization, trustAnswer } = this.#options;
    const url = `${folder.replace(/\/$/, '')}/${encodeURIComponent(name)}`;
    const own = { ...(authorization !== undefined && { authorization }) };
    const headers = {
      ...own,
      'content-type': 'application/octet-stream',
      // RFC 9530
      'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
    };
    const taken = await ask(this.#options, () => ({
      method,
      url,
      headers,
      body: bytes,
      maxBytes: maxAnswer,
    }));
    requireTaken(taken, url);
    if (trustAnswer) return;
    const shown = await ask(this.#options, () => ({
      ...{ method: 'GET' as const, url, headers: own, maxBytes: bytes.length },
    }));
    if (shown.status === 200 && sha256Of(shown.bytes) === sha256) return;
    const remedy = 'if it never shows what it took, and its word is enough, set archive.target.trustAnswer';
    const message = `${url} took the archive and does not show it again (HTTP ${shown.status}): ${remedy}`;
    throw new ArchivingError('target-differs', message);
  }
}
