import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Token } from '../../certs/token/index.ts';
import { writeFileDurably } from '../../gateway/store/index.ts';
import { type AccountKey, generateAccountKey, readAccountKey } from './account-key.ts';
import { AcmeError } from './error.ts';

/** What the store asks of the token that seals its keys. */
export type KeySealing = Pick<Token, 'isActive' | 'wrapKey' | 'unwrapKey'>;

const storedSchema = z.object({
  version: z.literal(1),
  /** One for each directory. */
  accounts: z.array(
    z.object({
      directory: z.string(),
      /** PKCS#8 of the account's key, wrapped by the token. */
      key: z.string(),
      /** Absent until the authority has answered. */
      url: z.string().optional(),
    }),
  ),
  /** Orders that are not fulfilled yet, by the key of the token they are for. */
  orders: z.array(z.object({ keyId: z.string(), directory: z.string(), url: z.string() })),
});
type Stored = z.infer<typeof storedSchema>;

const empty: Stored = { version: 1, accounts: [], orders: [] };

/**
 * Accounts and orders, on disk before they are used: a crash loses neither an account nor an order that counts
 * against its limits. Who steals the file learns where certificates come from; the keys open with the token alone.
 */
export class AcmeStore {
  readonly #dir: string;
  readonly #token: KeySealing;
  #changes: Promise<unknown> = Promise.resolve();

  constructor(dir: string, token: KeySealing) {
    this.#dir = dir;
    this.#token = token;
  }

  /** The account of a directory; its key is made when there is none. @throws AcmeError not-set-up */
  account(directory: string): Promise<{ readonly key: AccountKey; readonly url: string | undefined }> {
    return this.#inTurn(async () => {
      if (!this.#token.isActive()) {
        throw new AcmeError(
          'not-set-up',
          'the keys of ACME accounts are in the token, which is not signed in',
          {
            remedy: 'enter the PIN of the token',
          },
        );
      }
      const stored = await this.#read();
      const known = stored.accounts.find((one) => one.directory === directory);
      if (known !== undefined) {
        const key = await readAccountKey(this.#token.unwrapKey(known.key, purposeOf(directory)));
        return { key, url: known.url };
      }
      const pkcs8 = generateAccountKey();
      const made = { directory, key: this.#token.wrapKey(pkcs8, purposeOf(directory)) };
      await this.#write({ ...stored, accounts: [...stored.accounts, made] });
      return { key: await readAccountKey(pkcs8), url: undefined };
    });
  }

  /** @param url of the account; undefined: the authority knows it no more */
  keepAccountUrl(directory: string, url: string | undefined): Promise<void> {
    return this.#change((stored) => ({
      ...stored,
      accounts: stored.accounts.map((one) => {
        if (one.directory !== directory) return one;
        return { directory, key: one.key, ...(url !== undefined && { url }) };
      }),
    }));
  }

  /** Address of the order that was placed for a key. */
  orderOf(keyId: string, directory: string): Promise<string | undefined> {
    return this.#inTurn(async () => {
      const { orders } = await this.#read();
      return orders.find((one) => one.keyId === keyId && one.directory === directory)?.url;
    });
  }

  /** @param url undefined: it is fulfilled */
  keepOrder(keyId: string, directory: string, url: string | undefined): Promise<void> {
    return this.#change((stored) => {
      const others = stored.orders.filter((one) => one.keyId !== keyId);
      return { ...stored, orders: url === undefined ? others : [...others, { keyId, directory, url }] };
    });
  }

  #change(change: (stored: Stored) => Stored): Promise<void> {
    return this.#inTurn(async () => this.#write(change(await this.#read())));
  }

  async #read(): Promise<Stored> {
    const path = this.#path;
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return empty;
    try {
      return storedSchema.parse(JSON.parse(text));
    } catch (cause) {
      throw new AcmeError('not-set-up', `${path} is damaged`, {
        cause,
        remedy: 'restore it from a backup; or remove it, and new accounts are made',
      });
    }
  }

  async #write(stored: Stored): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    await writeFileDurably(this.#path, JSON.stringify(stored));
  }

  get #path(): string {
    return join(this.#dir, 'acme.json');
  }

  #inTurn<Value>(act: () => Promise<Value>): Promise<Value> {
    const done = this.#changes.then(act);
    this.#changes = done.catch(() => undefined);
    return done;
  }
}

function purposeOf(directory: string): string {
  return `ACME account key ${directory}`;
}
