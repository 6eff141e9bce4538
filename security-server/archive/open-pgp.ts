import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  createMessage,
  encrypt,
  generateKey,
  type PrivateKey,
  type PublicKey,
  readKeys,
  readPrivateKey,
} from 'openpgp';
import type { Token } from '../../certs/token/index.ts';
import { writeFileDurably } from '../../gateway/store/index.ts';
import { ArchivingError } from './archive-source.ts';

const purpose = 'archive OpenPGP key';

export type KeyWrapping = Pick<Token, 'wrapKey' | 'unwrapKey'>;

export interface SigningKeyOptions {
  /** File of the wrapped key; made with it when there is none. */
  readonly path: string;
  readonly token: KeyWrapping;
  /** Shown to whoever opens archives: the server, as it is registered. */
  readonly name: string;
  readonly now: Date;
}

/**
 * The OpenPGP key of a server, which signs its archives. It is wrapped by the token, so that it works only while the
 * token is active.
 * @throws TokenError not-active, damaged
 */
export async function loadOrCreateSigningKey({
  path,
  token,
  name,
  now,
}: SigningKeyOptions): Promise<PrivateKey> {
  const wrapped = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (wrapped !== undefined) {
    return readPrivateKey({ binaryKey: token.unwrapKey(wrapped, purpose) });
  }
  // GnuPG 2.2 and later read this; keys of version 6 they do not.
  const { privateKey } = await generateKey({
    ...{ type: 'ecc', curve: 'ed25519Legacy', format: 'object' },
    userIDs: [{ name: name.replace(/[<>()\p{Cc}]/gu, ' ') }],
    date: now,
  });
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFileDurably(path, Buffer.from(token.wrapKey(Buffer.from(privateKey.write()), purpose)));
  return privateKey;
}

/** Public keys by group; `default` for groups not named. */
export type Recipients = ReadonlyMap<string, readonly PublicKey[]>;

/**
 * Reads the keys archives are encrypted to.
 * @param files of armored public keys, by group
 * @throws ArchivingError recipient-missing when a file is not that, or its key cannot encrypt
 */
export async function readRecipients(
  files: Readonly<Record<string, readonly string[]>>,
): Promise<Recipients> {
  const recipients = new Map<string, readonly PublicKey[]>();
  for (const [group, paths] of Object.entries(files)) {
    const keys = await Promise.all(paths.map(readRecipientFile));
    recipients.set(group, keys.flat());
  }
  return recipients;
}

async function readRecipientFile(path: string): Promise<PublicKey[]> {
  try {
    const keys = await readKeys({ armoredKeys: await readFile(path, 'utf8') });
    for (const key of keys) await key.getEncryptionKey();
    if (keys.some((key) => key.isPrivate())) throw new Error('it is a private key');
    return keys;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const remedy = 'export it with `gpg --armor --export`';
    throw new ArchivingError(
      'recipient-missing',
      `${path} is no OpenPGP public key to encrypt to (${reason}): ${remedy}`,
      {
        cause,
      },
    );
  }
}

/** Encrypts an archive to its readers, and signs it, as `gpg --decrypt` reads it. */
export async function seal(
  bytes: Buffer,
  fileName: string,
  recipients: readonly PublicKey[],
  signingKey: PrivateKey,
  now: Date,
): Promise<Buffer> {
  const message = await createMessage({ binary: bytes, filename: fileName, date: now });
  const sealed = await encrypt({
    ...{ message, encryptionKeys: [...recipients], signingKeys: signingKey, format: 'binary', date: now },
    // Containers are compressed already, and readers of older releases know no AEAD.
    config: { aeadProtect: false },
  });
  return Buffer.from(sealed);
}

/** Keys of a group. @throws ArchivingError recipient-missing */
export function recipientsOf(recipients: Recipients, group: string): readonly PublicKey[] {
  const found = recipients.get(group) ?? recipients.get('default');
  if (found !== undefined) return found;
  const remedy = 'name one in archive.recipients, or a `default`';
  throw new ArchivingError(
    'recipient-missing',
    `There is no key to encrypt the archive of ${group} to: ${remedy}`,
  );
}
