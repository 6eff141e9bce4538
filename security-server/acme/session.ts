import type { ZodType, z } from 'zod';
import { type AccountKey, signRequest } from './account-key.ts';
import { type Directory, directorySchema } from './documents.ts';
import { AcmeError } from './error.ts';
import type { AcmeAnswer, AcmeHttps } from './https.ts';
import { refusalOf } from './problem.ts';

/** As many times a request is signed anew because its nonce was not taken. */
const maxNonceAttempts = 4;
/** Nonces come one with each answer; more than are used at once need not be kept. */
const maxKeptNonces = 8;

export interface Posted {
  readonly url: string;
  /** Undefined: only to read. */
  readonly payload?: object;
  /** What is asked, for people: begins the sentence of a refusal. */
  readonly asked: string;
  readonly accept?: string;
}

/** Requests to one ACME server in the name of one key. @see RFC 8555 §6 */
export class AcmeSession {
  readonly directory: Directory;
  readonly key: AccountKey;
  readonly #https: AcmeHttps;
  readonly #nonces: string[] = [];
  #account: string | undefined;

  private constructor(https: AcmeHttps, directory: Directory, key: AccountKey) {
    this.#https = https;
    this.directory = directory;
    this.key = key;
  }

  /** @throws AcmeError */
  static async open(https: AcmeHttps, directoryUrl: string, key: AccountKey): Promise<AcmeSession> {
    const asked = `the directory at ${directoryUrl}`;
    const answer = await https.send(directoryUrl, { method: 'GET' });
    if (answer.status !== 200) throw refusalOf(asked, answer);
    return new AcmeSession(https, readJson(asked, directorySchema, answer), key);
  }

  /** Address of the account in whose name requests are signed; before it is known, the key itself signs. */
  useAccount(url: string): void {
    this.#account = url;
  }

  /** @throws AcmeError for any answer that is no success */
  async post({ url, payload, asked, accept }: Posted): Promise<AcmeAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const nonce = this.#nonces.pop() ?? (await this.#freshNonce());
      const body = await signRequest(this.key, { url, nonce }, payload, this.#account);
      const answer = await this.#https.send(url, {
        ...{ method: 'POST', body },
        ...(accept !== undefined && { accept }),
      });
      this.#keepNonce(answer);
      if (answer.status >= 200 && answer.status < 300) return answer;
      const refusal = refusalOf(asked, answer);
      if (refusal.problem !== 'badNonce' || attempt === maxNonceAttempts) throw refusal;
    }
  }

  /** @throws AcmeError */
  async postFor<Schema extends ZodType>(
    schema: Schema,
    posted: Posted,
  ): Promise<AcmeDocument<z.infer<Schema>>> {
    const answer = await this.post(posted);
    const { retryAfterMs, headers } = answer;
    const { location } = headers;
    return {
      document: readJson(posted.asked, schema, answer),
      ...(typeof location === 'string' && { location: absolute(location, posted.url) }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  }

  /** Reads what needs no signature. @throws AcmeError */
  async get<Schema extends ZodType>(
    schema: Schema,
    asked: string,
    url: string,
  ): Promise<AcmeDocument<z.infer<Schema>>> {
    const answer = await this.#https.send(url, { method: 'GET' });
    if (answer.status !== 200) throw refusalOf(asked, answer);
    const { retryAfterMs } = answer;
    return { document: readJson(asked, schema, answer), ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }

  async #freshNonce(): Promise<string> {
    const answer = await this.#https.send(this.directory.newNonce, { method: 'HEAD' });
    if (answer.status !== 200 && answer.status !== 204) throw refusalOf('a nonce', answer);
    this.#keepNonce(answer);
    const nonce = this.#nonces.pop();
    if (nonce !== undefined) return nonce;
    throw new AcmeError('malformed', `${this.directory.newNonce} gives no nonce that can be used`);
  }

  #keepNonce({ headers }: AcmeAnswer): void {
    const nonce = headers['replay-nonce'];
    // What is not base64url must be thrown away. @see RFC 8555 §6.5.1
    if (typeof nonce !== 'string' || !/^[\w-]{1,500}$/.test(nonce)) return;
    this.#nonces.push(nonce);
    if (this.#nonces.length > maxKeptNonces) this.#nonces.shift();
  }
}

interface AcmeDocument<Content> {
  readonly document: Content;
  /** Where it lives, when the answer says it. */
  readonly location?: string;
  readonly retryAfterMs?: number;
}

function readJson<Schema extends ZodType>(
  asked: string,
  schema: Schema,
  { body }: AcmeAnswer,
): z.infer<Schema> {
  try {
    return schema.parse(JSON.parse(body.toString('utf8')));
  } catch (cause) {
    throw new AcmeError('malformed', `${asked}: the answer is not one of an ACME server (RFC 8555)`, {
      cause,
      remedy: 'check with the authority that the address of its ACME directory is right',
    });
  }
}

function absolute(location: string, base: string): string {
  return URL.canParse(location, base) ? new URL(location, base).href : location;
}
