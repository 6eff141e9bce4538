import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { JWK } from 'jose';
import { writeFileDurably } from '../../file/index.ts';
import type { Applicant, ProfileName } from '../profiles.ts';

/** What was issued to an account: what it may revoke, and when it should be renewed. */
export interface IssuedTo {
  /** Hex. */
  readonly serialNumber: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly isRevoked?: boolean;
}

/** Somebody the authority knows, and the ACME account they bound to that. */
export interface ExternalAccount {
  readonly keyId: string;
  readonly applicant: Omit<Applicant, 'dnsName'>;
  readonly profile: ProfileName;
  /** Public key of the ACME account, and its thumbprint, once it is bound: for good. */
  readonly account?: { readonly jwk: JWK; readonly thumbprint: string };
  readonly issued: readonly IssuedTo[];
}

const maxAccounts = 10_000;
const maxIssued = 1_000;

/**
 * External accounts of an authority, durable before they count. Their MAC keys follow from the secret of the
 * authority and are kept nowhere: who steals the file can do nothing with it.
 */
export class AccountBook {
  readonly #path: string;
  readonly #secret: string;
  #accounts: readonly ExternalAccount[];
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(path: string, secret: string, accounts: readonly ExternalAccount[]) {
    this.#path = path;
    this.#secret = secret;
    this.#accounts = accounts;
  }

  static async open(path: string, secret: string): Promise<AccountBook> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '[]';
      throw error;
    });
    return new AccountBook(path, secret, JSON.parse(text) as ExternalAccount[]);
  }

  /** @throws RangeError while there are too many */
  async add(
    applicant: ExternalAccount['applicant'],
    profile: ProfileName,
  ): Promise<{ readonly keyId: string; readonly macKey: string }> {
    const keyId = randomBytes(12).toString('base64url');
    await this.#change((accounts) => {
      if (accounts.length >= maxAccounts) throw new RangeError(`there are ${maxAccounts} accounts already`);
      return [...accounts, { keyId, applicant, profile, issued: [] }];
    });
    return { keyId, macKey: this.#macKey(keyId).toString('base64url') };
  }

  macKeyOf(keyId: string): Buffer | undefined {
    return this.get(keyId) && this.#macKey(keyId);
  }

  get(keyId: string): ExternalAccount | undefined {
    return this.#accounts.find((one) => one.keyId === keyId);
  }

  byThumbprint(thumbprint: string): ExternalAccount | undefined {
    return this.#accounts.find(({ account }) => account?.thumbprint === thumbprint);
  }

  /** What was issued under a serial number. @param serialNumber hex */
  issued(serialNumber: string): { readonly keyId: string; readonly issued: IssuedTo } | undefined {
    for (const { keyId, issued } of this.#accounts) {
      const found = issued.find((one) => one.serialNumber === serialNumber);
      if (found !== undefined) return { keyId, issued: found };
    }
    return undefined;
  }

  /** Binds a key to an external account. @returns whether it has that one: the first is for good */
  async bind(keyId: string, account: NonNullable<ExternalAccount['account']>): Promise<boolean> {
    await this.#update(keyId, (one) => (one.account === undefined ? { ...one, account } : one));
    return this.get(keyId)?.account?.thumbprint === account.thumbprint;
  }

  noteIssued(keyId: string, issued: IssuedTo): Promise<void> {
    return this.#update(keyId, (one) => ({ ...one, issued: [...one.issued, issued].slice(-maxIssued) }));
  }

  noteRevoked(keyId: string, serialNumber: string): Promise<void> {
    const revoke = (one: IssuedTo) => (one.serialNumber === serialNumber ? { ...one, isRevoked: true } : one);
    return this.#update(keyId, (one) => ({ ...one, issued: one.issued.map(revoke) }));
  }

  #macKey(keyId: string): Buffer {
    return createHmac('sha256', this.#secret).update(`ACME external account ${keyId}`).digest();
  }

  #update(keyId: string, change: (account: ExternalAccount) => ExternalAccount): Promise<void> {
    return this.#change((accounts) => accounts.map((one) => (one.keyId === keyId ? change(one) : one)));
  }

  async #change(make: (accounts: readonly ExternalAccount[]) => readonly ExternalAccount[]): Promise<void> {
    const mine = this.#turn.then(async () => {
      const next = make(this.#accounts);
      await writeFileDurably(this.#path, JSON.stringify(next));
      this.#accounts = next;
    });
    // A change that failed is told to who made it, and holds nobody up.
    this.#turn = mine.catch(() => undefined);
    await mine;
  }
}
