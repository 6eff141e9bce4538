import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TransparencyError } from './error.ts';
import { createNoteSigner, openNote } from './note.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const signer = createNoteSigner('log.example/messages', privateKey);
const other = createNoteSigner('log.example/other', generateKeyPairSync('ed25519').privateKey);
const text = 'log.example/messages\n7\nroot\n';
const note = signer.sign(text);
const signature = note.slice(text.length + 1);
const [, , encoded = ''] = signature.trimEnd().split(' ');

/** Made with Go's golang.org/x/mod/sumdb/note. */
const golden = {
  signerKey: 'PRIVATE+KEY+foo+70e0027d+AQ6ZOc1q+8ofQSdKc+Hfvlg8uhRA2wzJiT9eoYe2nQWE',
  verifierKey: 'foo+70e0027d+AVBBu+9nV129z5Khn5oYsXYy0uSusQ+6929UMgXwbRz9',
  note:
    'hello\n\n\u2014 foo cOACfW1P4Z316ExVq459TKjtssHpjCUE1yKQpTrWeYHpVaCTnLdGFOM0YjQjRXit+DAfkpyCIPT5ZQSQ8ohx' +
    'YdvZgwM=\n',
};
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

describe('a signed note', () => {
  it('is opened by the key that signed it', () => {
    expect(openNote(note, [signer.verifierKey])).toEqual({ text, signedBy: [signer.name], signatures: 1 });
  });

  it('is the one that Go makes, octet by octet', () => {
    const seed = Buffer.from(golden.signerKey.split('+').slice(4).join('+'), 'base64').subarray(1);
    const key = createPrivateKey({
      key: Buffer.concat([pkcs8Prefix, seed]),
      format: 'der',
      type: 'pkcs8',
    });
    const ours = createNoteSigner('foo', key);
    expect(ours.verifierKey).toBe(golden.verifierKey);
    expect(ours.sign('hello\n')).toBe(golden.note);
    expect(openNote(golden.note, [golden.verifierKey])).toEqual({
      text: 'hello\n',
      signedBy: ['foo'],
      signatures: 1,
    });
  });

  it('may hold empty lines, and lines that look like signatures', () => {
    for (const odd of ['a\n\nb\n', `a\n\n${signature}`, '\n', '\u2014\n', 'žluťoučký\n']) {
      const made = signer.sign(odd);
      expect(openNote(made, [signer.verifierKey]).text).toBe(odd);
    }
  });

  it('may be signed by many; keys that are not asked about are let be', () => {
    const both = `${note}${other.sign(text).slice(text.length + 1)}`;
    expect(openNote(both, [signer.verifierKey]).signedBy).toEqual([signer.name]);
    expect(openNote(both, [other.verifierKey, signer.verifierKey]).signedBy).toEqual([
      signer.name,
      other.name,
    ]);
    const unknownKind = `${note}\u2014 witness.example ${Buffer.alloc(76, 5).toString('base64')}\n`;
    expect(openNote(unknownKind, [signer.verifierKey]).signedBy).toEqual([signer.name]);
    expect(openNote(`${note}${signature}`, [signer.verifierKey]).signedBy).toEqual([signer.name]);
  });

  it('is refused unless a known key signed it', () => {
    expect(codeOf(() => openNote(note, [other.verifierKey]))).toBe('note-unsigned');
    expect(codeOf(() => openNote(note, []))).toBe('note-unsigned');
    // The name of a known key with the id of another is another key.
    const renamed = note.replace(`\u2014 ${signer.name}`, `\u2014 ${other.name}`);
    expect(codeOf(() => openNote(renamed, [signer.verifierKey, other.verifierKey]))).toBe('note-unsigned');
  });

  it('is refused with a wrong signature of a known key, whoever else signed', () => {
    const forged = Buffer.from(encoded, 'base64');
    forged[20] = (forged[20] ?? 0) ^ 1;
    const wrong = `\u2014 ${signer.name} ${forged.toString('base64')}\n`;
    const good = other.sign(text);
    for (const lines of [`${good}${wrong}`, `${text}\n${wrong}${good.slice(text.length + 1)}`]) {
      expect(codeOf(() => openNote(lines, [signer.verifierKey, other.verifierKey]))).toBe('note-unsigned');
    }
    const short = Buffer.from(encoded, 'base64').subarray(0, 30).toString('base64');
    expect(codeOf(() => openNote(`${text}\n\u2014 ${signer.name} ${short}\n`, [signer.verifierKey]))).toBe(
      'note-unsigned',
    );
  });

  it.each([
    ['nothing at all', ''],
    ['only text', text],
    ['no signature after the empty line', `${text}\n`],
    ['no empty line', `${text}${signature}`],
    ['no end of its last line', note.slice(0, -1)],
    ['another line below the signatures', `${note}more\n`],
    ['an empty line below the signatures', `${note}\n`],
    ['lines of another system', note.replaceAll('\n', '\r\n')],
    ['a carriage return in the text', withText('a\rb\n')],
    ['a NUL in the text', withText('a\0b\n')],
    ['a tabulator in the text', withText('a\tb\n')],
    ['an escape in the text', withText('a\u001b[2Jb\n')],
    ['a byte that was no UTF-8', withText('a\ufffdb\n')],
    ['no text', `\n${signature}`],
    ['a hyphen for the dash', note.replace('\u2014', '-')],
    ['two spaces before the name', note.replace('\u2014 ', '\u2014  ')],
    ['a space behind the signature', `${note.slice(0, -1)} \n`],
    ['base64 without its end', `${text}\n\u2014 ${signer.name} ${encoded.replaceAll('=', '')}\n`],
    ['base64 of the web', `${text}\n\u2014 ${signer.name} ${'-_'.repeat(48)}\n`],
    ['bits behind the end of base64', `${text}\n\u2014 ${signer.name} ${'A'.repeat(94)}B=\n`],
    ['a signature of the key id alone', `${text}\n\u2014 ${signer.name} ${encoded.slice(0, 5)}A==\n`],
    ['no name', `${text}\n\u2014 ${encoded}\n`],
    ['more than a hundred signatures', `${note}${signature.repeat(100)}`],
    ['more than a million octets', withText(`${'long '.repeat(200_000)}\n`)],
  ])('is refused with %s', (_name, hostile) => {
    expect(codeOf(() => openNote(hostile, [signer.verifierKey]))).toBe('note-malformed');
  });

  it('is refused with any bit changed', () => {
    const bytes = Buffer.from(note);
    fc.assert(
      fc.property(fc.nat({ max: bytes.length * 8 - 1 }), (bit) => {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const code = codeOf(() => openNote(changed.toString(), [signer.verifierKey]));
        expect(['note-malformed', 'note-unsigned']).toContain(code);
      }),
      { numRuns: 400 },
    );
  });

  it('is refused, never crashed on, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (noise, isSigned) => {
        const hostile = isSigned ? `${text}\n${noise}` : noise;
        expect(['note-malformed', 'note-unsigned']).toContain(
          codeOf(() => openNote(hostile, [signer.verifierKey])),
        );
      }),
    );
  });
});

describe('a verifier key', () => {
  const [name = '', id = '', ...keyParts] = signer.verifierKey.split('+');
  const key = keyParts.join('+');
  const typed = Buffer.from(key, 'base64');

  it.each([
    ['nothing', ''],
    ['no id', `${name}+${key}`],
    ['an id in capitals', `${name}+${'ABCDEF01'}+${key}`],
    ['the id of another key', `${name}+${'00000000'}+${key}`],
    ['another name', `x${name}+${id}+${key}`],
    ['a key of another kind', keyOf(name, Buffer.concat([Buffer.of(2), typed.subarray(1)]))],
    ['a key too short', keyOf(name, typed.subarray(0, 32))],
    ['a key too long', keyOf(name, Buffer.concat([typed, Buffer.of(0)]))],
    ['a space in its name', keyOf('a b', typed)],
    ['bits behind the end of base64', `${name}+${id}+${key}=`],
  ])('is refused with %s', (_name, hostile) => {
    expect(codeOf(() => openNote(note, [hostile]))).toBe('key-malformed');
  });

  it('has a name without spaces and plus signs, and an Ed25519 key', () => {
    for (const bad of ['', 'a b', 'a+b', 'a\nb', 'a\u00a0b', 'a\u2028b']) {
      expect(codeOf(() => createNoteSigner(bad, privateKey))).toBe('key-malformed');
    }
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    expect(codeOf(() => createNoteSigner('name', rsa))).toBe('key-malformed');
  });

  it('signs only what can be opened', () => {
    for (const bad of ['', 'no end', 'a\tb\n', 'a\r\n']) {
      expect(codeOf(() => signer.sign(bad))).toBe('note-malformed');
    }
  });
});

/** A note that is signed, whatever its text. */
function withText(hostile: string): string {
  const typed = Buffer.from(signer.verifierKey.split('+').slice(2).join('+'), 'base64');
  const bytes = Buffer.concat([idOf(signer.name, typed), signBytes(hostile, privateKey)]);
  return `${hostile}\n\u2014 ${signer.name} ${bytes.toString('base64')}\n`;
}

function keyOf(name: string, typed: Buffer): string {
  return `${name}+${idOf(name, typed).toString('hex')}+${typed.toString('base64')}`;
}

function idOf(name: string, typed: Buffer): Buffer {
  return createHash('sha256').update(`${name}\n`).update(typed).digest().subarray(0, 4);
}

function signBytes(hostile: string, key: KeyObject): Buffer {
  return sign(null, Buffer.from(hostile), key);
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof TransparencyError) return error.code;
    throw error;
  }
  return 'accepted';
}
