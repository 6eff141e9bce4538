import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { readCookie } from '../cookies.ts';

/** How long somebody may take to sign in elsewhere. */
const lifetimeSeconds = 600;
const maxValueLength = 4_000;

const flowSchema = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  returnPath: z.string(),
  endsAt: z.number(),
});

/** What was begun in this browser, and must come back to it. */
export type Flow = Readonly<Omit<z.infer<typeof flowSchema>, 'endsAt'>>;

/**
 * Keeps what was begun in the browser that began it, so that strangers fill no memory here. The cookie comes along
 * when the identity provider sends the browser back (`Lax`), is ours by its authentication code, and lasts ten
 * minutes, or until the program starts anew.
 */
export class FlowCookie {
  readonly #name: string;
  readonly #attributes: string;
  readonly #now: () => Date;
  readonly #key = randomBytes(32);

  constructor(isHttps: boolean, now: () => Date) {
    this.#name = isHttps ? '__Host-waygate-oidc' : 'waygate-oidc';
    this.#attributes = `Path=/; HttpOnly; SameSite=Lax${isHttps ? '; Secure' : ''}`;
    this.#now = now;
  }

  write(flow: Flow): string {
    const endsAt = this.#now().getTime() + lifetimeSeconds * 1000;
    const value = Buffer.from(JSON.stringify({ ...flow, endsAt })).toString('base64url');
    return `${this.#name}=${value}.${this.#sign(value)}; Max-Age=${lifetimeSeconds}; ${this.#attributes}`;
  }

  clear(): string {
    return `${this.#name}=; Max-Age=0; ${this.#attributes}`;
  }

  /** @returns undefined when nothing was begun here, or too long ago */
  read(headers: Headers): Flow | undefined {
    const cookie = readCookie(headers, this.#name);
    if (cookie === undefined || cookie.length > maxValueLength) return undefined;
    const [value = '', code = '', ...more] = cookie.split('.');
    const [presented, expected] = [Buffer.from(code), Buffer.from(this.#sign(value))];
    if (more.length > 0 || presented.length !== expected.length) return undefined;
    if (!timingSafeEqual(presented, expected)) return undefined;
    const { endsAt, ...flow } = flowSchema.parse(JSON.parse(Buffer.from(value, 'base64url').toString()));
    return this.#now().getTime() < endsAt ? flow : undefined;
  }

  #sign(value: string): string {
    return createHmac('sha256', this.#key).update(value).digest('base64url');
  }
}
