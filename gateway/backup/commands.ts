import { readFile, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { readSecret } from '../http/index.ts';
import { makeBackup } from './backup.ts';
import { type BackedUpProgram, programFolders } from './programs.ts';
import { checkBackup, restoreBackup } from './restore.ts';
import type { OpenWith, SealFor } from './seal.ts';

export interface BackedUp {
  readonly program: BackedUpProgram;
  /** @returns name of what a data folder holds @throws Error when it holds nothing */
  readonly nameOf: (data: string) => Promise<string>;
}

interface BackupOptions {
  readonly data: string;
  readonly out: string;
  readonly recipient: readonly string[];
  readonly passphraseFile?: string;
  readonly json?: boolean;
}

interface RestoreOptions {
  readonly data: string;
  readonly identityFile?: string;
  readonly passphraseFile?: string;
  readonly json?: boolean;
}

const minPassphraseLength = 12;
const passphraseHelp = 'file with a passphrase; else WAYGATE_BACKUP_PASSPHRASE, else the terminal';

/** `backup`, `restore`, `backup-check` and `backup-key` of a program. */
export function backupCommands(backedUp: BackedUp): Command[] {
  return [backupCommand(backedUp), restoreCommand(backedUp), checkCommand(backedUp), keyCommand(backedUp)];
}

function backupCommand({ program, nameOf }: BackedUp): Command {
  const { command } = programFolders[program];
  return new Command('backup')
    .description(
      'save all of a data folder, sealed keys included, in one sealed file; it may be in use meanwhile',
    )
    .requiredOption('--data <dir>', 'folder to save')
    .requiredOption('--out <file>', 'file to write, which must not be there yet')
    .option('--recipient <key...>', 'age1… key that opens it, of whom nothing is asked now', [])
    .option('--passphrase-file <file>', passphraseHelp)
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `\nWith a key, backups are made unattended and opened by its holder alone:\n\n  ${command} backup-key --out backup.key` +
        `\n  ${command} backup --data … --out monday.backup --recipient age1…` +
        '\n\nA backup is a tar archive within age: without Waygate, `age -d -i backup.key monday.backup | tar -t` lists it.' +
        '\n\nExit status: 0 saved, and read again from disk; 2 not saved.',
    )
    .action(async ({ data, out, recipient, passphraseFile, json }: BackupOptions) => {
      const name = await nameOf(data);
      const seal: SealFor =
        recipient.length > 0
          ? { recipients: recipient }
          : { passphrase: requireLong(await readPassphrase(passphraseFile)) };
      const now = new Date();
      const made = await makeBackup({ data, program, name, out, seal, now, onFile: showFile });
      const { files, octets, sha256 } = made;
      const text = `${out}: ${files} files of ${name}, ${octets} octets, SHA-256 ${sha256}\n`;
      process.stdout.write(json === true ? `${JSON.stringify({ name, ...made })}\n` : text);
    });
}

function restoreCommand({ program }: BackedUp): Command {
  const { command } = programFolders[program];
  return new Command('restore')
    .description('put a backup into an empty folder')
    .argument('<file>', 'backup to open')
    .requiredOption('--data <dir>', 'folder that is not there, or empty')
    .option('--identity-file <file>', 'file with the AGE-SECRET-KEY-1… that opens it')
    .option('--passphrase-file <file>', passphraseHelp)
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `\nThe folder appears when the whole backup was read and found good. Then: ${command} start --data …` +
        '\n\nOnly one of the former and the restored may run: both would sign for the same names.' +
        '\n\nExit status: 0 restored; 2 not restored.',
    )
    .action(async (file: string, { data, identityFile, passphraseFile, json }: RestoreOptions) => {
      const open = await readKey(identityFile, passphraseFile);
      const restored = await restoreBackup({ file, open, program, data, onFile: showFile });
      const { name, createdAt, files } = restored;
      const text = `${data}: ${files} files of ${name}, as of ${createdAt}\n`;
      process.stdout.write(json === true ? `${JSON.stringify({ data, ...restored })}\n` : text);
    });
}

function checkCommand({ program }: BackedUp): Command {
  return new Command('backup-check')
    .description('open a backup and read it to its end, writing nothing: whether it would come back')
    .argument('<file>', 'backup to open')
    .option('--identity-file <file>', 'file with the AGE-SECRET-KEY-1… that opens it')
    .option('--passphrase-file <file>', passphraseHelp)
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExit status: 0 whole and genuine; 2 not so.')
    .action(async (file: string, { identityFile, passphraseFile, json }: Omit<RestoreOptions, 'data'>) => {
      const open = await readKey(identityFile, passphraseFile);
      const checked = await checkBackup({ file, open, program, onFile: showFile });
      const { name, createdAt, files } = checked;
      const text = `${file}: whole; ${files} files of ${name}, as of ${createdAt}\n`;
      process.stdout.write(json === true ? `${JSON.stringify({ file, ...checked })}\n` : text);
    });
}

function keyCommand({ program }: BackedUp): Command {
  const { command } = programFolders[program];
  return new Command('backup-key')
    .description('make a key for backups: what opens them goes into a file, what seals them is printed')
    .requiredOption(
      '--out <file>',
      'file for the secret half, which must not be there yet; keep it elsewhere',
    )
    .option('--json', 'print one JSON document')
    .action(async ({ out, json }: { readonly out: string; readonly json?: boolean }) => {
      const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
      const identity = await generateX25519Identity();
      const recipient = await identityToRecipient(identity);
      await writeFile(out, `# opens backups sealed to ${recipient}\n${identity}\n`, {
        flag: 'wx',
        mode: 0o600,
      });
      const text = `${recipient}\nSeal with: ${command} backup --recipient ${recipient} …\nKeep ${out} elsewhere: without it no backup opens.\n`;
      process.stdout.write(json === true ? `${JSON.stringify({ recipient, file: out })}\n` : text);
    });
}

async function readKey(identityFile?: string, passphraseFile?: string): Promise<OpenWith> {
  return identityFile === undefined
    ? { passphrase: await readPassphrase(passphraseFile) }
    : { identities: await readIdentities(identityFile) };
}

function readPassphrase(file: string | undefined): Promise<string> {
  return readSecret({
    ...{ name: 'passphrase', file, variable: 'WAYGATE_BACKUP_PASSPHRASE', environment: process.env },
  });
}

function requireLong(passphrase: string): string {
  if (passphrase.length >= minPassphraseLength) return passphrase;
  throw new Error(
    `the passphrase of a backup has ${minPassphraseLength} characters at least: who finds the file can guess`,
  );
}

/** Lines of a key file as age writes them; what begins with # is for people. */
async function readIdentities(file: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

function showFile(path: string, octets: number): void {
  if (process.stderr.isTTY) process.stderr.write(`${path} (${octets} octets)\n`);
}
