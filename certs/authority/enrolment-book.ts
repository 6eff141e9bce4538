import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeFileDurably } from '../file/index.ts';
import type { Applicant, CertificateKind, ProfileName } from './profiles.ts';

/** What one token opens: one certificate of each kind, for one applicant, until it expires. */
export interface Enrolment {
  readonly profile: ProfileName;
  /** Without the name of the host, which the applicant tells with its request. */
  readonly applicant: Omit<Applicant, 'dnsName'>;
  readonly kinds: readonly CertificateKind[];
  readonly expiresAt: Date;
}

/** What was issued for a token, by kind: told again to who asks again with the same request. */
export interface IssuedFor {
  /** Hex SHA-256 of the request. */
  readonly request: string;
  /** PEM. */
  readonly certificate: string;
}

interface Entry {
  /** Hex SHA-256 of the token: the file does not open anything. */
  readonly token: string;
  readonly profile: ProfileName;
  readonly applicant: Omit<Applicant, 'dnsName'>;
  readonly kinds: readonly CertificateKind[];
  readonly expiresAt: string;
  readonly issued: Readonly<Partial<Record<CertificateKind, IssuedFor>>>;
}

export interface OpenEnrolment extends Enrolment {
  readonly issued: Readonly<Partial<Record<CertificateKind, IssuedFor>>>;
}

/** Enrolments that are kept at a time; those that expired make room. */
const maxEntries = 10_000;

/** One-time tokens of an authority, durable before they are handed out. */
export class EnrolmentBook {
  readonly #path: string;
  #entries: readonly Entry[];
  /** Changes one after the other: each writes the whole file. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(path: string, entries: readonly Entry[]) {
    this.#path = path;
    this.#entries = entries;
  }

  static async open(path: string): Promise<EnrolmentBook> {
    try {
      return new EnrolmentBook(path, JSON.parse(await readFile(path, 'utf8')) as Entry[]);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new EnrolmentBook(path, []);
      throw error;
    }
  }

  /** @returns the token, which is kept nowhere @throws RangeError while too many are open */
  async add({ expiresAt, ...enrolment }: Enrolment, now: Date): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    await this.#change((entries) => {
      const kept = entries.filter((entry) => new Date(entry.expiresAt) > now);
      if (kept.length >= maxEntries) throw new RangeError(`${maxEntries} enrolments are open already`);
      return [
        ...kept,
        { ...enrolment, token: digest(token), expiresAt: expiresAt.toISOString(), issued: {} },
      ];
    });
    return token;
  }

  /** @returns undefined for a token that was never given out, or expired */
  find(token: string, now: Date): OpenEnrolment | undefined {
    const wanted = Buffer.from(digest(token));
    const entry = this.#entries.find((one) => timingSafeEqual(Buffer.from(one.token), wanted));
    if (entry === undefined || new Date(entry.expiresAt) <= now) return undefined;
    return { ...entry, expiresAt: new Date(entry.expiresAt) };
  }

  /**
   * Gives a token's one certificate of a kind out, in turn with all others: of two requests under one token the
   * second finds what the first was given.
   * @param issue makes the certificate, PEM
   * @returns undefined when another request was served before
   */
  async issueOnce(
    token: string,
    kind: CertificateKind,
    request: Uint8Array,
    issue: () => Promise<string>,
  ): Promise<string | undefined> {
    const hash = createHash('sha256').update(request).digest('hex');
    let given: string | undefined;
    await this.#change(async (entries) => {
      const wanted = digest(token);
      const former = entries.find((entry) => entry.token === wanted)?.issued[kind];
      if (former !== undefined) {
        // The answer was lost on its way, or the applicant crashed before it wrote it down.
        given = former.request === hash ? former.certificate : undefined;
        return entries;
      }
      const certificate = await issue();
      given = certificate;
      return entries.map((entry) =>
        entry.token === wanted
          ? { ...entry, issued: { ...entry.issued, [kind]: { request: hash, certificate } } }
          : entry,
      );
    });
    return given;
  }

  async #change(make: (entries: readonly Entry[]) => readonly Entry[] | Promise<readonly Entry[]>) {
    const mine = this.#turn.then(async () => {
      const next = await make(this.#entries);
      if (next === this.#entries) return;
      await writeFileDurably(this.#path, JSON.stringify(next));
      this.#entries = next;
    });
    // A change that failed is told to who made it, and holds nobody up.
    this.#turn = mine.catch(() => undefined);
    await mine;
  }
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
