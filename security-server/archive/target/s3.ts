import { AwsV4Signer } from 'aws4fetch';
import { ArchivingError } from '../archive-source.ts';
import { sha256Of } from '../sha256.ts';
import { type Ask, type AskOptions, ask, requireTaken } from './ask.ts';
import type { ArchiveTarget } from './target.ts';

export interface S3TargetOptions extends AskOptions {
  readonly endpoint: string;
  readonly bucket: string;
  /** Folders inside the bucket, each ended by `/`; may be empty. */
  readonly prefix: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const maxAnswer = 64 * 1024;

/** Archives in a store that speaks S3, with the bucket in the path. */
export class S3Target implements ArchiveTarget {
  readonly #options: S3TargetOptions;

  constructor(options: S3TargetOptions) {
    this.#options = options;
  }

  get place(): string {
    const { endpoint, bucket, prefix } = this.#options;
    return `${endpoint.replace(/\/$/, '')}/${bucket}/${prefix}`;
  }

  async put(name: string, bytes: Buffer, sha256: string): Promise<void> {
    const url = `${this.place}${encodeURIComponent(name)}`;
    const checksum = Buffer.from(sha256, 'hex').toString('base64');
    const put = { 'x-amz-content-sha256': sha256, 'x-amz-checksum-sha256': checksum };
    const taken = await ask(this.#options, async () => ({
      ...{ method: 'PUT' as const, url, body: bytes, maxBytes: maxAnswer },
      headers: await this.#sign('PUT', url, put),
    }));
    requireTaken(taken, url);
    const get = { 'x-amz-content-sha256': sha256Of(Buffer.alloc(0)) };
    const shown = await ask(this.#options, async () => ({
      ...{ method: 'GET' as const, url, maxBytes: bytes.length },
      headers: await this.#sign('GET', url, get),
    }));
    if (shown.status === 200 && sha256Of(shown.bytes) === sha256) return;
    const message = `${url} holds another file than was put there (HTTP ${shown.status}); look whether somebody else writes into it`;
    throw new ArchivingError('target-differs', message);
  }

  async #sign(
    method: Ask['method'],
    url: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<Record<string, string>> {
    const { region, accessKeyId, secretAccessKey } = this.#options;
    const signer = new AwsV4Signer({
      ...{ method, url, headers, accessKeyId, secretAccessKey, region, service: 's3' },
      allHeaders: true,
    });
    const signed = await signer.sign();
    return Object.fromEntries(signed.headers as Iterable<[string, string]>);
  }
}
