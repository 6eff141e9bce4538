import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decrypt, generateKey, readMessage, readPrivateKey } from 'openpgp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSoftwareToken, type Token } from '../../certs/token/index.ts';
import { ArchivingError } from './archive-source.ts';
import { loadOrCreateSigningKey, readRecipients, recipientsOf, seal } from './open-pgp.ts';

const hasGpg = spawnSync('gpg', ['--version']).status === 0;
const now = new Date(Date.now() - 60_000);
const content = Buffer.from('an archive');

let dir: string;
let token: Token;
beforeAll(async () => {
  // Short: the agent's socket is inside, and its path is limited.
  dir = mkdtempSync(join(tmpdir(), 'wg-gpg-'));
  token = await createSoftwareToken(join(dir, 'token'), { pin: 'Correct-Horse-7', label: 'test' });
  await token.activate('Correct-Horse-7');
});
afterAll(() => {
  if (hasGpg) spawnSync('gpgconf', ['--homedir', dir, '--kill', 'all']);
  rmSync(dir, { recursive: true, force: true });
});

const signingKey = () =>
  loadOrCreateSigningKey({ path: join(dir, 'openpgp-key'), token, name: 'DEV/GOV/1/ss1', now });

async function readerKey(): Promise<{ readonly file: string; readonly privateKey: string }> {
  const { privateKey, publicKey } = await generateKey({ userIDs: [{ name: 'Archive reader' }], date: now });
  const file = join(dir, 'reader.asc');
  writeFileSync(file, publicKey);
  return { file, privateKey };
}

describe('an encrypted archive', () => {
  it('is opened by its reader, who sees which server signed it', async () => {
    const { file, privateKey } = await readerKey();
    const recipients = await readRecipients({ default: [file] });
    const key = await signingKey();
    const sealed = await seal(content, 'mlog.zip', recipientsOf(recipients, 'DEV:GOV:1'), key, now);
    const { data, signatures } = await decrypt({
      message: await readMessage({ binaryMessage: sealed }),
      decryptionKeys: await readPrivateKey({ armoredKey: privateKey }),
      verificationKeys: key.toPublic(),
      format: 'binary',
      expectSigned: true,
    });
    expect(Buffer.from(data)).toEqual(content);
    expect(await signatures[0]?.verified).toBe(true);
    expect((await signingKey()).getFingerprint()).toBe(key.getFingerprint());
  });

  it('is not made for a group without a key, nor for what is no key to encrypt to', async () => {
    const { file, privateKey } = await readerKey();
    const recipients = await readRecipients({ 'DEV:GOV:2': [file] });
    expect(() => recipientsOf(recipients, 'DEV:GOV:1')).toThrow(ArchivingError);
    writeFileSync(join(dir, 'private.asc'), privateKey);
    writeFileSync(join(dir, 'text.asc'), 'no key');
    for (const wrong of ['private.asc', 'text.asc', 'absent.asc']) {
      await expect(readRecipients({ default: [join(dir, wrong)] })).rejects.toMatchObject({
        code: 'recipient-missing',
      });
    }
  });

  it.skipIf(!hasGpg)('is opened by gpg, with the signature good (needs gpg)', async () => {
    const gpg = (...args: string[]) =>
      spawnSync('gpg', ['--homedir', dir, '--batch', '--status-fd', '2', '--trust-model', 'always', ...args]);
    const reader = 'reader@example.org';
    const made = gpg(
      '--passphrase',
      '',
      '--quick-generate-key',
      reader,
      'future-default',
      'default',
      'never',
    );
    expect(made.status).toBe(0);
    const exported = execFileSync('gpg', ['--homedir', dir, '--armor', '--export', reader]);
    writeFileSync(join(dir, 'gpg.asc'), exported);
    const key = await signingKey();
    writeFileSync(join(dir, 'server.asc'), key.toPublic().armor());
    expect(gpg('--import', join(dir, 'server.asc')).status).toBe(0);
    const recipients = await readRecipients({ default: [join(dir, 'gpg.asc')] });
    // The key of gpg is younger than `now`.
    const at = new Date();
    const sealed = await seal(content, 'mlog.zip', recipientsOf(recipients, ''), key, at);
    writeFileSync(join(dir, 'mlog.zip.gpg'), sealed);
    const opened = gpg('--decrypt', join(dir, 'mlog.zip.gpg'));
    expect(opened.stdout).toEqual(content);
    expect(opened.stderr.toString()).toContain('GOODSIG');
    sealed[sealed.length - 20] = (sealed[sealed.length - 20] ?? 0) ^ 1;
    writeFileSync(join(dir, 'altered.zip.gpg'), sealed);
    expect(gpg('--decrypt', join(dir, 'altered.zip.gpg')).status).not.toBe(0);
  });
});
