import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { Problem } from '../http/index.ts';

/** Cost of scrypt: 2^`ln` rounds over blocks of 128 × `r` octets, `p` times. */
export interface ScryptCost {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** 32 MiB and some 100 ms a guess. @see OWASP Password Storage Cheat Sheet */
export const presentCost: ScryptCost = { ln: 15, r: 8, p: 1 };

export interface Verdict {
  readonly isRight: boolean;
  /** Right, and hashed at another cost than is usual now: hash it again. */
  readonly isOutdated: boolean;
}

const saltBytes = 16;
const hashBytes = 32;
const maxRunning = 2;
const maxWaiting = 32;
/** Strange records must not ask for any amount of memory. */
const maxMemory = 256 * 1024 * 1024;
const recordForm = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/]{22})\$([\w+/]{43})$/;

/**
 * Hashes passwords, at most two at a time, so that strangers cannot take all memory and processors by signing in; at
 * most 32 more wait.
 */
export class PasswordHasher {
  readonly #cost: ScryptCost;
  readonly #nobody: string;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #count = 0;

  /** @param cost another one than is usual, for tests */
  constructor(cost: ScryptCost = presentCost) {
    this.#cost = cost;
    this.#nobody = printRecord(cost, randomBytes(saltBytes), randomBytes(hashBytes));
  }

  /** Hashes made since the start: what tests compare instead of times. */
  get count(): number {
    return this.#count;
  }

  /**
   * @param password normalised
   * @returns `$scrypt$ln=15,r=8,p=1$SALT$HASH`, which is all that is needed to verify it later
   * @throws Problem 503 busy
   */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(saltBytes);
    return printRecord(this.#cost, salt, await this.#derive(password, salt, this.#cost));
  }

  /**
   * @param password normalised
   * @param record absent: nobody has that name, or no password; the work is the same as for a wrong password
   * @throws Problem 503 busy; Error when the record is not one that `hash` made
   */
  async verify(password: string, record: string | undefined): Promise<Verdict> {
    const { cost, salt, hash } = parseRecord(record ?? this.#nobody);
    const isEqual = timingSafeEqual(await this.#derive(password, salt, cost), hash);
    const isRight = isEqual && record !== undefined;
    const { ln, r, p } = this.#cost;
    return { isRight, isOutdated: isRight && (cost.ln !== ln || cost.r !== r || cost.p !== p) };
  }

  async #derive(password: string, salt: Buffer, cost: ScryptCost): Promise<Buffer> {
    await this.#enter();
    try {
      this.#count += 1;
      return await derive(password, salt, cost);
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < maxRunning) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= maxWaiting) {
      throw new Problem(503, 'busy', 'Too many people sign in at this moment; try again in some seconds');
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Who waits longest takes the place over: `#running` stays as it is. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}

function derive(password: string, salt: Buffer, { ln, r, p }: ScryptCost): Promise<Buffer> {
  const options = { N: 2 ** ln, r, p, maxmem: maxMemory };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, hashBytes, options, (error, hash) =>
      error === null ? resolve(hash) : reject(error),
    );
  });
}

function printRecord({ ln, r, p }: ScryptCost, salt: Buffer, hash: Buffer): string {
  const print = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
  return `$scrypt$ln=${ln},r=${r},p=${p}$${print(salt)}$${print(hash)}`;
}

function parseRecord(record: string): { cost: ScryptCost; salt: Buffer; hash: Buffer } {
  const [, ln, r, p, salt = '', hash = ''] = recordForm.exec(record) ?? [];
  if (ln === undefined) throw new Error('A record of a password is damaged: set that password anew');
  return {
    cost: { ln: Number(ln), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
}
