import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Authenticate, loadOrCreateApiKey, type Principal, Problem, roles } from '../http/index.ts';
import {
  AddressFailures,
  blockOf,
  csrfTokenOf,
  hashSecret,
  makeSecret,
  SessionCookie,
} from '../people/index.ts';
import { writeFileDurably } from '../store/index.ts';
import { isCode, makeCode } from './code.ts';

const idleMs = 30 * 60_000;
const longestMs = 12 * 3_600_000;
const guesses = { free: 5, longestMs: 60_000, forgetMs: 3_600_000 };

export interface FirstStartOptions {
  /** Folder of the program; the code lies in it, readable by its owner alone. */
  readonly data: string;
  /** Whether browsers come over https: the cookie goes nowhere else then. */
  readonly isHttps: boolean;
  readonly now: () => Date;
  /** Told when the code opened: whoever started the program sees that somebody came. */
  readonly onOpened: (address: string) => void;
}

interface InstallerSession {
  readonly hash: Buffer;
  readonly beganAt: number;
  usedAt: number;
}

/**
 * The door of a program that has nobody yet. Whoever knows the code that the program printed is its installer; one
 * person at a time, and each code once: the next one is in the file. Codes are longer than anybody guesses; who tries
 * is slowed down all the same, by address.
 */
export class FirstStart {
  readonly cookie: SessionCookie;
  /** Where the code lies. */
  readonly codeFile: string;
  readonly #options: FirstStartOptions;
  readonly #failures = new AddressFailures(guesses);
  #code: string | undefined;
  #session: InstallerSession | undefined;
  /** Somebody came with the code, and the next one is being written. */
  #isEntering = false;
  #isClosed = false;

  private constructor(options: FirstStartOptions, code: string) {
    this.#options = options;
    this.#code = code;
    this.codeFile = codePath(options.data);
    this.cookie = new SessionCookie('Waygate first start', options.isHttps);
  }

  /** @param options of a folder that exists @throws WeakSecret when the file of the code holds hardly one */
  static async open(options: FirstStartOptions): Promise<FirstStart> {
    const code = await loadOrCreateApiKey(codePath(options.data), writeFileDurably, makeCode);
    return new FirstStart(options, code);
  }

  /** Opens the door, once. */
  get code(): string | undefined {
    return this.#code;
  }

  /**
   * Begins a session under a secret that nobody has seen before, and ends the one there was.
   * @param typed whatever a stranger sent
   * @returns what goes into the cookie
   * @throws Problem 401 code-refused; 429 sign-in-throttled
   */
  async enter(typed: string, fullAddress: string): Promise<string> {
    const now = this.#options.now().getTime();
    // Whoever has the code is never paused: guesses from their address, or through their proxy, keep nobody out.
    if (this.#isEntering || this.#code === undefined || !isCode(typed, this.#code)) {
      throw this.#refuse(blockOf(fullAddress), now);
    }
    // Before anything is waited for: of two who come with it at once, one is let in.
    this.#isEntering = true;
    try {
      // First: were it not written, the code that opened would open again after a restart.
      const next = makeCode();
      await writeFileDurably(this.codeFile, `${next}\n`);
      if (this.#isClosed) {
        await rm(this.codeFile, { force: true });
        throw this.#refuse(blockOf(fullAddress), now);
      }
      this.#code = next;
    } finally {
      this.#isEntering = false;
    }
    const secret = makeSecret();
    this.#session = { hash: hashSecret(secret), beganAt: now, usedAt: now };
    this.#options.onOpened(fullAddress);
    return secret;
  }

  /** Knows the installer by the cookie, and may let them do whatever there is to do. */
  readonly authenticate: Authenticate = ({ headers }) => {
    const secret = headers.has('authorization') ? undefined : this.cookie.read(headers);
    if (secret === undefined || this.#find(secret) === undefined) return undefined;
    return installer(secret);
  };

  /** When the installer is asked for the code again, at the latest. */
  get expiresAt(): Date | undefined {
    const session = this.#session;
    return session && new Date(endOf(session));
  }

  leave(): void {
    this.#session = undefined;
  }

  /** The program is founded: no code opens anything any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#code = undefined;
    this.#session = undefined;
    await rm(this.codeFile, { force: true });
  }

  /** Counts a wrong code, unless its address has to wait. */
  #refuse(address: string, now: number): Problem {
    const waitMs = this.#failures.waitMs(address, now);
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1000);
      const detail = `Too many tries failed; wait ${seconds} seconds`;
      return new Problem(429, 'sign-in-throttled', detail, { retryAfterSeconds: seconds });
    }
    this.#failures.note(address, now);
    const detail =
      'The code is wrong, or was used; the present one is in the file first-start-code of the data folder';
    return new Problem(401, 'code-refused', detail);
  }

  #find(secret: string): InstallerSession | undefined {
    const session = this.#session;
    const now = this.#options.now().getTime();
    if (session === undefined || !session.hash.equals(hashSecret(secret)) || now >= endOf(session)) {
      return undefined;
    }
    session.usedAt = now;
    return session;
  }
}

function codePath(data: string): string {
  return join(data, 'first-start-code');
}

function endOf({ beganAt, usedAt }: InstallerSession): number {
  return Math.min(usedAt + idleMs, beganAt + longestMs);
}

function installer(secret: string): Principal {
  const session = { csrfToken: csrfTokenOf(secret) };
  return { id: 'installer', kind: 'user', roles: new Set(roles), session };
}
