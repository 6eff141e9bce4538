import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { TransparencyError } from './error.ts';

/** Signs texts as a C2SP signed note with Ed25519. */
export interface NoteSigner {
  readonly name: string;
  /** `<name>+<key id>+<base64 key>`, as verifiers take it. */
  readonly verifierKey: string;
  /** @param text ends with a line feed @returns the text with its signature */
  sign(text: string): string;
}

export interface OpenedNote {
  readonly text: string;
  /** Names of the given keys whose signatures are good; at least one. */
  readonly signedBy: readonly string[];
  /** Lines of signatures, of keys that are not known, too. */
  readonly signatures: number;
}

interface Verifier {
  readonly name: string;
  readonly id: Buffer;
  readonly key: KeyObject;
}

const ed25519 = 0x01;
const idBytes = 4;
/** DER in front of the 32 octets of an Ed25519 key. @see RFC 8410 §4 */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
/** As the checker of Go has it. */
const maxNoteOctets = 1_000_000;
const maxSignatures = 100;
const signatureStart = '\u2014 ';

/** @param key Ed25519 private key @see C2SP signed-note */
export function createNoteSigner(name: string, key: KeyObject): NoteSigner {
  requireName(name);
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new TransparencyError('key-malformed', 'A note is signed with an Ed25519 key');
  }
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const typed = Buffer.concat([Buffer.of(ed25519), spki.subarray(spkiPrefix.length)]);
  const id = keyIdOf(name, typed);
  return {
    name,
    verifierKey: `${name}+${id.toString('hex')}+${typed.toString('base64')}`,
    sign: (text) => {
      requireText(text);
      const signature = Buffer.concat([id, sign(null, Buffer.from(text), key)]);
      return `${text}\n${signatureStart}${name} ${signature.toString('base64')}\n`;
    },
  };
}

/**
 * Opens a note that at least one of the keys signed. Signatures of other keys are let be; a wrong one of a known
 * key is not.
 * @throws TransparencyError note-malformed, note-unsigned, key-malformed
 */
export function openNote(note: string, verifierKeys: readonly string[]): OpenedNote {
  const verifiers = verifierKeys.map(parseVerifierKey);
  if (Buffer.byteLength(note) > maxNoteOctets) throw malformed('it is longer than a million octets');
  const split = note.lastIndexOf('\n\n');
  if (split < 0) throw malformed('an empty line parts text and signatures');
  const text = note.slice(0, split + 1);
  requireText(text);
  const lines = note.slice(split + 2).split('\n');
  if (lines.pop() !== '') throw malformed('its last line has no end');
  if (lines.length === 0 || lines.length > maxSignatures) throw malformed('it has 1 to 100 signatures');
  const signedBy = new Set<string>();
  for (const line of lines) {
    const { name, id, signature } = parseSignature(line);
    const verifier = verifiers.find((known) => known.name === name && known.id.equals(id));
    if (verifier === undefined) continue;
    if (!verify(null, Buffer.from(text), verifier.key, signature)) {
      throw new TransparencyError('note-unsigned', `The signature of ${name} is not of this text`);
    }
    signedBy.add(name);
  }
  if (signedBy.size === 0) {
    const known = verifiers.map(({ name }) => name).join(', ');
    throw new TransparencyError('note-unsigned', `None of the expected keys signed this note: ${known}`);
  }
  return { text, signedBy: [...signedBy], signatures: lines.length };
}

function parseSignature(line: string) {
  const [, name, encoded] = /^\u2014 ([^ ]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
  const bytes = Buffer.from(encoded ?? '', 'base64');
  if (name === undefined || bytes.length <= idBytes || bytes.toString('base64') !== encoded) {
    throw malformed('a signature line is a dash, a name and base64');
  }
  return { name, id: bytes.subarray(0, idBytes), signature: bytes.subarray(idBytes) };
}

function parseVerifierKey(text: string): Verifier {
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const typed = Buffer.from(encoded ?? '', 'base64');
  const expected = 'a verifier key is <name>+<key id in 8 hex digits>+<base64 of an Ed25519 key>';
  if (name === undefined || id === undefined || typed.toString('base64') !== encoded) {
    throw new TransparencyError('key-malformed', `${text} cannot be read: ${expected}`);
  }
  if (typed.length !== 33 || typed[0] !== ed25519) {
    throw new TransparencyError('key-malformed', `The key of ${name} is not an Ed25519 key: ${expected}`);
  }
  requireName(name);
  const keyId = keyIdOf(name, typed);
  if (keyId.toString('hex') !== id) {
    throw new TransparencyError(
      'key-malformed',
      `The key id of ${name} is not that of its key; it was mistyped`,
    );
  }
  const spki = Buffer.concat([spkiPrefix, typed.subarray(1)]);
  return { name, id: keyId, key: createPublicKey({ key: spki, format: 'der', type: 'spki' }) };
}

function keyIdOf(name: string, typedKey: Buffer): Buffer {
  return createHash('sha256').update(name).update('\n').update(typedKey).digest().subarray(0, idBytes);
}

function requireName(name: string): void {
  if (name === '' || /[\s+\p{Z}]/u.test(name)) {
    throw new TransparencyError('key-malformed', `'${name}' cannot name a key: no spaces, no plus sign`);
  }
}

function requireText(text: string): void {
  if (!text.endsWith('\n')) throw malformed('its text ends with a line');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a note must not have
  if (/[\u0000-\u0009\u000b-\u001f\ufffd]/.test(text)) throw malformed('its text has control characters');
}

function malformed(expected: string): TransparencyError {
  return new TransparencyError('note-malformed', `This is not a signed note: ${expected}`);
}
