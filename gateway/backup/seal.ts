import { ReadableStream } from 'node:stream/web';
import { BackupError } from './error.ts';

/** To whom a backup is sealed: whoever knows a passphrase, or holds one of some keys. */
export type SealFor =
  | { readonly passphrase: string }
  /** `age1…` */
  | { readonly recipients: readonly string[] };

/** What opens it. */
export type OpenWith =
  | { readonly passphrase: string }
  /** `AGE-SECRET-KEY-1…` */
  | { readonly identities: readonly string[] };

/**
 * Seals a stream, 64 KiB at a time, so that no piece can be changed, left out or put elsewhere.
 * @throws BackupError wrong-key when a recipient cannot be read
 * @see C2SP age
 */
export async function sealStream(
  octets: AsyncIterable<Uint8Array>,
  to: SealFor,
): Promise<AsyncIterable<Uint8Array>> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  if ('passphrase' in to) encrypter.setPassphrase(to.passphrase);
  else for (const recipient of to.recipients) add(() => encrypter.addRecipient(recipient), 'recipient');
  return fromWeb(await encrypter.encrypt(toWeb(octets)));
}

/**
 * Opens what was sealed. Each piece that comes out is genuine; that none is missing is known at the end only.
 * @throws BackupError not-a-backup, wrong-key; while it is read, damaged
 */
export async function openStream(
  octets: AsyncIterable<Uint8Array>,
  by: OpenWith,
): Promise<AsyncIterable<Uint8Array>> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  if ('passphrase' in by) decrypter.addPassphrase(by.passphrase);
  else for (const identity of by.identities) add(() => decrypter.addIdentity(identity), 'identity');
  let opened: AsyncIterable<Uint8Array>;
  try {
    opened = fromWeb(await decrypter.decrypt(toWeb(octets)));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const isKey = message.startsWith('no identity matched');
    throw isKey
      ? new BackupError('wrong-key', 'This passphrase or key does not open the backup', { cause })
      : new BackupError('not-a-backup', 'This file is not a backup of Waygate, or it is damaged', { cause });
  }
  return genuine(opened);
}

async function* genuine(octets: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* octets;
  } catch (cause) {
    const text = 'This backup is damaged, or was cut: take another copy of it';
    throw new BackupError('damaged', text, { cause });
  }
}

function add(act: () => void, what: string): void {
  try {
    act();
  } catch (cause) {
    throw new BackupError(
      'wrong-key',
      `One ${what} is not a key of age: age1… opens nothing, AGE-SECRET-KEY-1… does`,
      {
        cause,
      },
    );
  }
}

function toWeb(octets: AsyncIterable<Uint8Array>): globalThis.ReadableStream<Uint8Array> {
  return ReadableStream.from(octets) as unknown as globalThis.ReadableStream<Uint8Array>;
}

/** Not as a Node stream, which ends the program when it fails before somebody reads. */
function fromWeb(stream: globalThis.ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  return stream as unknown as ReadableStream<Uint8Array>;
}
