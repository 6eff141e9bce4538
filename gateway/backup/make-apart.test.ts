import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBackupApart } from './make-apart.ts';
import { restoreBackup } from './restore.ts';

describe('a backup that is made in a process of its own', () => {
  const program = 'central-registry';
  let root: string;
  let identity: string;
  let recipients: string[];
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'waygate-apart-'));
    mkdirSync(join(root, 'data'));
    writeFileSync(join(root, 'data', 'key'), 'sealed');
    identity = await generateX25519Identity();
    recipients = [await identityToRecipient(identity)];
  });
  afterAll(() => rmSync(root, { recursive: true }));

  const make = (out: string, signal = new AbortController().signal, data = join(root, 'data')) => {
    const order = { data, program, name: 'DEV', out: join(root, out), now: new Date() } as const;
    return makeBackupApart({ ...order, seal: { recipients } }, signal);
  };

  it('is whole, and not written over another, which is told by its code', async () => {
    expect(await make('one')).toMatchObject({ files: 1 });
    const order = { file: join(root, 'one'), program, data: join(root, 'new') } as const;
    expect(await restoreBackup({ ...order, open: { identities: [identity] } })).toMatchObject({
      name: 'DEV',
    });
    await expect(make('one')).rejects.toMatchObject({ code: 'not-empty' });
  });

  it('tells of what nobody foresaw', async () => {
    await expect(make('two', undefined, join(root, 'nothing'))).rejects.toThrow('ENOENT');
  });

  it('is given up when the program is stopped', async () => {
    const stopping = new AbortController();
    const made = make('three', stopping.signal);
    stopping.abort();
    await expect(made).rejects.toMatchObject({ code: 'stopped' });
  });
});
