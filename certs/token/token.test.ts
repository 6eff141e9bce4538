import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SigningKey, verifySignature } from '../key/index.ts';
import { buildName, createCertificate } from '../x509/index.ts';
import { createSoftwareToken, openSoftwareToken, type Token, TokenError } from './index.ts';

const pin = 'correct Horse 1';

describe('a software token', () => {
  let dir: string;
  let token: Token;
  let now = 1_000_000;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-token-'));
    now = 1_000_000;
    token = await createSoftwareToken(dir, { pin, label: 'test' }, () => now);
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const codeOf = async (action: () => unknown): Promise<string> => {
    try {
      await action();
    } catch (error) {
      if (error instanceof TokenError) return error.code;
      throw error;
    }
    return 'none';
  };
  const reopen = () => openSoftwareToken(dir, () => now);
  const signs = async (key: SigningKey) => {
    const data = Buffer.from('x');
    return verifySignature(key.algorithm, key.publicKey, data, await key.sign(data));
  };

  it('signs with its keys, also after a restart and the PIN', async () => {
    const { id } = await token.generateKey({ type: 'ec', curve: 'P-256' }, 'sign');
    const rsa = await token.generateKey({ type: 'rsa', bits: 2048 }, 'rsa');
    const again = await reopen();
    expect(again.listKeys()).toEqual(token.listKeys());
    expect(await codeOf(() => again.signingKey(id))).toBe('not-active');
    await again.activate(pin);
    expect(await signs(again.signingKey(id))).toBe(true);
    const pss = again.signingKey(rsa.id, { digest: 'sha256', pss: true });
    expect(pss.algorithm.name).toBe('rsa-pss-sha256');
    expect(await signs(pss)).toBe(true);
  });

  it('gives nothing once it is signed out, not even through keys handed out before', async () => {
    const { id } = await token.generateKey({ type: 'ec', curve: 'P-256' }, 'sign');
    const key = token.signingKey(id);
    token.deactivate();
    expect(await codeOf(() => key.sign(Buffer.from('x')))).toBe('not-active');
    expect(await codeOf(() => token.generateKey({ type: 'ec', curve: 'P-256' }, 'x'))).toBe('not-active');
    expect(await codeOf(() => token.secureContext(id, []))).toBe('not-active');
  });

  it('serves TLS with a key that does not leave it', async () => {
    const { id } = await token.generateKey({ type: 'ec', curve: 'P-256' }, 'tls');
    const key = token.signingKey(id);
    const subject = buildName({ CN: 'x' });
    const dates = { notBefore: new Date(0), notAfter: new Date('2049-01-01T00:00:00Z') };
    const certificate = await createCertificate(
      { subject, issuer: subject, publicKey: key.publicKey, serialNumber: 1n, ...dates },
      key,
    );
    const server = createServer({
      SNICallback: (_name, done) => done(null, token.secureContext(id, [certificate])),
    });
    expect(server.listening).toBe(false);
    expect(token.secureContext(id, [certificate]).context).toBeDefined();
  });

  it('counts wrong PINs across restarts, and makes each further one wait longer', async () => {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(await codeOf(async () => (await reopen()).activate('wrong'))).toBe('pin-incorrect');
    }
    expect(await codeOf(async () => (await reopen()).activate(pin))).toBe('pin-locked');
    now += 1_000;
    expect(await codeOf(async () => (await reopen()).activate('wrong'))).toBe('pin-incorrect');
    now += 1_500;
    expect(await codeOf(async () => (await reopen()).activate(pin))).toBe('pin-locked');
    now += 1_000;
    expect(await codeOf(async () => (await reopen()).activate(pin))).toBe('none');
    expect(await codeOf(async () => (await reopen()).activate('wrong'))).toBe('pin-incorrect');
    expect(await codeOf(async () => (await reopen()).activate(pin))).toBe('none');
  });

  it('looks at no more wrong PINs when they come all at once', async () => {
    const again = await reopen();
    const codes = await Promise.all(
      Array.from({ length: 24 }, (_, index) =>
        codeOf(() => (index % 2 === 0 ? again.activate('wrong') : again.changePin('wrong', `${pin} x`))),
      ),
    );
    expect(codes).toEqual([...Array(3).fill('pin-incorrect'), ...Array(21).fill('pin-locked')]);
    expect(await codeOf(() => again.activate(pin))).toBe('pin-locked');
    now += 1_000;
    expect(await codeOf(() => again.activate(pin))).toBe('none');
  });

  it('changes its PIN and keeps its keys', async () => {
    const { id } = await token.generateKey({ type: 'ec', curve: 'P-256' }, 'sign');
    expect(await codeOf(() => token.changePin('wrong', 'another Secret 2'))).toBe('pin-incorrect');
    expect(await codeOf(() => token.changePin(pin, 'short'))).toBe('pin-policy');
    await token.changePin(pin, 'another Secret 2');
    const again = await reopen();
    expect(await codeOf(() => again.activate(pin))).toBe('pin-incorrect');
    await again.activate('another Secret 2');
    expect(await signs(again.signingKey(id))).toBe(true);
  });

  it('takes a new PIN that is not easy to guess, and nothing of it in what it says', async () => {
    const easy = [
      '',
      'short-A1',
      'onlysmallletters',
      '1234567890',
      'abcdefghi1',
      'aaaaaaaaaaaaaaaaaaaaaaaa',
      'Zwölf Boxkämpfer 12',
    ];
    for (const newPin of [...easy, ` ${pin} `, `${pin}\t${pin}`, 'aB3-'.repeat(65)]) {
      await expect(token.changePin(pin, newPin)).rejects.toMatchObject({
        code: 'pin-policy',
        message: expect.not.stringContaining(newPin === '' ? pin : newPin),
      });
    }
    for (const newPin of ['abcdefgh1-', 'ABCdefghij1', 'four words of oil on a hill']) {
      await token.changePin(pin, newPin);
      await token.changePin(newPin, pin);
    }
  });

  it('keeps every key of those that are made at once', async () => {
    const made = await Promise.all(
      ['a', 'b', 'c', 'd'].map((label) => token.generateKey({ type: 'ec', curve: 'P-256' }, label)),
    );
    const [first, ...others] = made.map(({ id }) => id).sort();
    expect(
      (await reopen())
        .listKeys()
        .map(({ id }) => id)
        .sort(),
    ).toEqual([first, ...others]);
    await Promise.all([token.deleteKey(first ?? ''), token.changePin(pin, 'another Secret 2')]);
    const again = await reopen();
    await again.activate('another Secret 2');
    expect(
      again
        .listKeys()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(others);
  });

  it('has neither PIN nor private key in its files or errors', async () => {
    const { id } = await token.generateKey({ type: 'ec', curve: 'P-256' }, 'sign');
    const bytes = readdirSync(dir)
      .map((name) => readFileSync(join(dir, name), 'latin1'))
      .join('');
    expect(bytes).not.toContain(pin);
    expect(bytes).not.toContain('PRIVATE');
    await expect(token.activate('a wrong guess')).rejects.toThrow(/^(?!.*guess)/);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('that was changed on disk is refused, key by key', async () => {
    await token.generateKey({ type: 'ec', curve: 'P-256' }, 'a');
    await token.generateKey({ type: 'ec', curve: 'P-256' }, 'b');
    const path = join(dir, 'token.json');
    const stored = JSON.parse(readFileSync(path, 'utf8'));
    const [a, b] = stored.keys;
    // One key's seal does not open in the place of another's.
    writeFileSync(path, JSON.stringify({ ...stored, keys: [{ ...a, privateKey: b.privateKey }, b] }));
    expect(await codeOf(async () => (await reopen()).activate(pin))).toBe('damaged');
    writeFileSync(path, '{"version":1');
    expect(await codeOf(reopen)).toBe('damaged');
    writeFileSync(path, '{"version":2,"keys":[]}');
    expect(await codeOf(reopen)).toBe('damaged');
    rmSync(path);
    expect(await codeOf(reopen)).toBe('not-initialized');
  });

  it('is not overwritten by another', async () => {
    await expect(createSoftwareToken(dir, { pin, label: 'x' })).rejects.toThrow('not overwritten');
  });

  it('opens what it wrapped for the same purpose alone, also after another PIN', async () => {
    const key = Buffer.from('a key that is kept outside');
    const wrapped = token.wrapKey(key, 'log');
    expect(wrapped).not.toContain(key.toString('base64'));
    await token.changePin(pin, 'another Horse 3');
    const again = await reopen();
    expect(await codeOf(() => again.unwrapKey(wrapped, 'log'))).toBe('not-active');
    expect(await codeOf(() => again.wrapKey(key, 'log'))).toBe('not-active');
    await again.activate('another Horse 3');
    expect(again.unwrapKey(wrapped, 'log')).toEqual(key);
    const flipped = wrapped.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
    for (const bad of [flipped, `${wrapped}.x`, '', 'a.b', wrapped.slice(0, -8)]) {
      expect(await codeOf(() => again.unwrapKey(bad, 'log')), bad).toBe('damaged');
    }
    expect(await codeOf(() => again.unwrapKey(wrapped, 'other'))).toBe('damaged');
  });

  it('forgets a key for good', async () => {
    const { id } = await token.generateKey({ type: 'ec', curve: 'P-256' }, 'sign');
    await token.deleteKey(id);
    expect(await codeOf(() => token.signingKey(id))).toBe('key-not-found');
    expect((await reopen()).listKeys()).toEqual([]);
    expect(await codeOf(() => token.deleteKey(id))).toBe('key-not-found');
  });
});
