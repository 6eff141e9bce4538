import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { waygate } from './run.ts';

const vectors = '../shared/vectors';
const here = existsSync(vectors);

describe('waygate audit verify', () => {
  const judge = async (...files: readonly string[]) => {
    const ended = await waygate(
      'audit',
      'verify',
      '--json',
      '--configuration',
      `${vectors}/asic/globalconf`,
      ...files,
    );
    return { status: ended.status, ...JSON.parse(ended.stdout) };
  };

  it.skipIf(!here).each([
    ['valid-signed-message.asice', null],
    ['valid-batch-ts.asice', null],
    ['valid-non-batch-rest.asice', null],
    ['wrong-message.asice', 'invalid_signature_value'],
    ['invalid-digest.asice', 'invalid_signature_value'],
    ['invalid-signed-hashchain.asice', 'malformed_signature.invalid_hash_chain_ref'],
    ['invalid-incorrect-references.asice', 'malformed_signature'],
    ['no-message.asice', 'asic_message_not_found'],
    ['no-signature.asice', 'asic_signature_not_found'],
    ['not-asic.asice', 'asic_mime_type_not_found'],
  ])('judges %s as other software does: %s (needs ../shared/vectors)', async (file, code) => {
    const { status, results, linking } = await judge(`${vectors}/asic/${file}`);
    expect([status, linking, results[0].code, results[0].valid]).toEqual([
      code === null ? 0 : 1,
      null,
      code,
      code === null,
    ]);
    if (code === null) {
      expect(results[0]).toMatchObject({
        signer: expect.any(String),
        timestampedAt: expect.any(String),
        messageId: expect.any(String),
      });
      expect(results[0].parts.every((part: { covered: boolean }) => part.covered)).toBe(true);
    }
  });

  it.skipIf(!here)(
    'checks the linking of an archive made by other software (needs ../shared/vectors)',
    async () => {
      const { linking, results } = await judge(`${vectors}/archive/message-archive-0.zip`);
      expect(linking).toEqual({ valid: true, code: null, reason: null });
      expect(results).toHaveLength(1);
    },
  );

  it.skipIf(!here)(
    'imports an archive made by other software, to be searched (needs ../shared/vectors)',
    async () => {
      const dir = mkdtempSync(join(tmpdir(), 'waygate-imported-'));
      try {
        const file = `${vectors}/archive/message-archive-0.zip`;
        const configuration = `${vectors}/asic/globalconf`;
        const imported = await waygate(
          ...['audit', 'import', '--json', '--into', dir, '--configuration', configuration, file],
        );
        // It is of an instance whose authorities this configuration does not hold.
        expect([imported.status, JSON.parse(imported.stdout)]).toEqual([
          1,
          { archives: [{ file, imported: true, isNew: true, messages: 1, bad: 1 }], holes: [], missing: [] },
        ]);
        const found = await waygate('audit', 'imported', dir, '--json', '--bad');
        const [message] = JSON.parse(found.stdout).messages;
        expect(message).toMatchObject({ archive: 'message-archive-0.zip', code: 'malformed_signature' });
        expect([typeof message.queryId, typeof message.client, typeof message.service]).toEqual([
          'string',
          'string',
          'string',
        ]);
        const unknown = await waygate('audit', 'import', '--json', '--into', dir, file);
        expect(JSON.parse(unknown.stdout).archives).toMatchObject([{ imported: false, code: 'not-good' }]);
      } finally {
        rmSync(dir, { recursive: true });
      }
    },
  );

  it('says what was expected when a file or the configuration cannot be read, with exit status 2', async () => {
    for (const args of [
      ['--configuration', '/nonexistent', 'x.asice'],
      ['x.asice'],
      ['--configuration', '.'],
    ]) {
      const { status, stdout, stderr } = await waygate('audit', 'verify', ...args);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).not.toBe('');
    }
  });
});

describe('waygate config verify', () => {
  const judge = async (file: string, anchor: string, at: string) => {
    const ended = await waygate(
      'config',
      'verify',
      '--json',
      '--at',
      at,
      '--anchor',
      `${vectors}/globalconf-signed/${anchor}`,
      `${vectors}/globalconf-signed/${file}`,
    );
    return { status: ended.status, ...JSON.parse(ended.stdout) };
  };
  const good = 'configuration_anchor_CS_internal.xml';

  it.skipIf(!here)('accepts a configuration signed by other software (needs ../shared/vectors)', async () => {
    expect(await judge('V6/internalconf', good, '2026-01-01T00:00:00Z')).toMatchObject({
      status: 0,
      valid: true,
      code: null,
      instance: 'DEV',
      version: 6,
      expiresAt: '2035-11-11T03:07:40.000Z',
    });
  });

  it.skipIf(!here).each([
    ['V6/internalconf', good, '2036-01-01T00:00:00Z', 'global_conf_outdated'],
    ['V4/internalconf', good, '2026-01-01T00:00:00Z', 'cert_not_found'],
    ['test-conf-missing-date.txt', 'test-conf-anchor1.xml', '2026-01-01T00:00:00Z', 'malformed_global_conf'],
  ])('refuses %s under %s at %s: %s (needs ../shared/vectors)', async (file, anchor, at, code) => {
    expect(await judge(file, anchor, at)).toMatchObject({ status: 1, valid: false, code });
  });

  it('says what was expected when it is used wrongly, with exit status 2', async () => {
    for (const args of [
      ['x'],
      ['--anchor', '/nonexistent', 'x'],
      ['--anchor', 'package.json'],
      ['--anchor', 'package.json', '--at', 'soon', 'x'],
    ]) {
      const { status, stdout, stderr } = await waygate('config', 'verify', ...args);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).not.toBe('');
    }
  });
});

describe('waygate', () => {
  it('tells what it can do, and what was wrong with a command that it does not know', async () => {
    expect(await waygate('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('pilot') });
    expect(await waygate('nonsense')).toMatchObject({ status: 2, stderr: expect.stringContaining('pilot') });
    for (const command of [
      ['pilot'],
      ['registry', 'init'],
      ['server', 'start'],
      ['call'],
      ['config', 'verify'],
      ['audit', 'verify'],
    ]) {
      const { status, stdout } = await waygate(...command, '--help');
      expect([status, stdout.includes('Usage')]).toEqual([0, true]);
    }
  });
});
