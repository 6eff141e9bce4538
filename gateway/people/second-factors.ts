import { createHash, randomBytes } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { SecondFactorRow } from './rows.ts';
import { matchTotp, printBase32, totpAddress, totpSecretBytes } from './totp.ts';

const recoveryCodes = 10;
/** 80 bits: too many to try, also for who has the hashes. */
const recoveryCodeBytes = 10;

/** What is shown once, when a second factor is begun. */
export interface NewSecondFactor {
  /** Base32, to be typed into an app. */
  readonly secret: string;
  /** `otpauth:` address of the same, to be scanned. */
  readonly address: string;
  /** Each takes the place of one code, once. */
  readonly recoveryCodes: readonly string[];
}

/** Codes of an authenticator app, or recovery codes, beside passwords. @see peopleSteps for how secrets are kept */
export class SecondFactors {
  readonly #database: Database.Database;
  readonly #now: () => Date;
  readonly #issuer: string;

  /** @param issuer how the apps name the program */
  constructor(database: Database.Database, now: () => Date, issuer: string) {
    this.#database = database;
    this.#now = now;
    this.#issuer = issuer;
  }

  /** Begun is not yet had: the first code shows that the secret arrived. */
  isConfirmed(person: string): boolean {
    return this.#read(person)?.is_confirmed === 1;
  }

  isBegun(person: string): boolean {
    return this.#read(person)?.is_confirmed === 0;
  }

  /** Begins anew; what was there is gone. */
  begin(person: string): NewSecondFactor {
    const secret = randomBytes(totpSecretBytes);
    const codes = Array.from({ length: recoveryCodes }, makeRecoveryCode);
    this.#database.transaction(() => {
      this.remove(person);
      this.#database.prepare('INSERT INTO second_factor VALUES (?, ?, 0, -1)').run(person, secret);
      const insert = this.#database.prepare('INSERT INTO recovery_code VALUES (?, ?)');
      for (const code of codes) insert.run(person, hashRecoveryCode(code));
    })();
    return {
      secret: printBase32(secret),
      address: totpAddress(secret, this.#issuer, person),
      recoveryCodes: codes,
    };
  }

  /** @param code of the app; recovery codes show nothing. @returns whether it is right, and the factor in force */
  confirm(person: string, code: string): boolean {
    const row = this.#read(person);
    if (row?.is_confirmed !== 0 || !this.#spendStep(row, code)) return false;
    this.#database.prepare('UPDATE second_factor SET is_confirmed = 1 WHERE person = ?').run(person);
    return true;
  }

  /** @returns whether the code is right; it is spent then. False for who has no second factor in force. */
  spend(person: string, code: string): boolean {
    const row = this.#read(person);
    if (row?.is_confirmed !== 1) return false;
    return this.#spendStep(row, code) || this.#spendRecoveryCode(person, code);
  }

  recoveryCodesLeft(person: string): number {
    const count = this.#database
      .prepare('SELECT count(*) FROM recovery_code WHERE person = ?')
      .pluck()
      .get(person);
    return Number(count);
  }

  /** @returns whether there was one */
  remove(person: string): boolean {
    return this.#database.prepare('DELETE FROM second_factor WHERE person = ?').run(person).changes > 0;
  }

  #read(person: string): SecondFactorRow | undefined {
    return this.#database
      .prepare<[string], SecondFactorRow>('SELECT * FROM second_factor WHERE person = ?')
      .get(person);
  }

  #spendStep({ person, secret, last_step }: SecondFactorRow, code: string): boolean {
    const step = matchTotp(secret, code, this.#now(), last_step);
    if (step === undefined) return false;
    // The condition holds also against another process that took the same code a moment before.
    const { changes } = this.#database
      .prepare('UPDATE second_factor SET last_step = @step WHERE person = @person AND last_step < @step')
      .run({ step, person });
    return changes > 0;
  }

  #spendRecoveryCode(person: string, code: string): boolean {
    const { changes } = this.#database
      .prepare('DELETE FROM recovery_code WHERE person = ? AND sha256 = ?')
      .run(person, hashRecoveryCode(code));
    return changes > 0;
  }
}

/** `abcd-efgh-ijkl-mnop` */
function makeRecoveryCode(): string {
  const text = printBase32(randomBytes(recoveryCodeBytes)).toLowerCase();
  return (text.match(/.{4}/g) ?? []).join('-');
}

/** As it may be typed: in capitals, without the dashes. */
function hashRecoveryCode(code: string): Buffer {
  return createHash('sha256').update(code.toLowerCase().replace(/[\s-]/g, '')).digest();
}
