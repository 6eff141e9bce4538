import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { checkRegister, type RegisterReport, registerFile } from '../central-registry/index.ts';
import { readSecret } from '../gateway/http/index.ts';
import { checkFolder, type FolderReport } from '../security-server/index.ts';

interface FsckOptions {
  readonly pinFile?: string;
  readonly sealed?: boolean;
  readonly checkpoint: readonly string[];
  readonly verifierKey?: string;
  readonly json?: boolean;
}

/** `waygate audit fsck`: checks a message log, or the history of a register, as it lies on disk. */
export function auditFsckCommand(): Command {
  return new Command('fsck')
    .description('check a whole message log, or the history of a registry: nothing altered, nothing missing')
    .argument(
      '<dir>',
      'data folder of a security server or of a registry, or the folder of a message log alone',
    )
    .option('--pin-file <file>', 'file with the PIN of the token, which opens what is sealed')
    .option('--sealed', 'leave what is sealed as it is: no PIN is asked for')
    .option('--checkpoint <file...>', 'signed checkpoints that were kept elsewhere', [])
    .option('--verifier-key <key>', 'key of the log as it was told to you; else its own word is taken')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nEvery record is made into its leaf again and compared to the tree, every sealed content is opened and its' +
        '\ndigest compared, every timestamp is compared to what it stamps and judged by the configuration that its' +
        '\nrecords name, as it lies beside the log, and numbers are counted for gaps.' +
        '\n\nWho changes a log can sign it anew. A checkpoint that you keep elsewhere shows that, too: take one now and' +
        '\nthen from the file `checkpoint` of the log, or from GET /api/v1/evidence/log/checkpoint.' +
        '\n\nOf a registry, every entry of its history is compared likewise, and the register with what the entries' +
        '\nmake of it: a row that was changed past the registry is named. No PIN is asked for.' +
        '\n\nThe log may be in use meanwhile. The PIN may also be in WAYGATE_SERVER_PIN.' +
        '\n\nExit status: 0 clean, 1 something was found, 2 the log could not be read.',
    )
    .action(fsck);
}

async function fsck(dir: string, options: FsckOptions): Promise<void> {
  const { pinFile, sealed, checkpoint, verifierKey, json } = options;
  const heldCheckpoints = await Promise.all(
    checkpoint.map(async (name) => ({ name, note: await readFile(name, 'utf8') })),
  );
  if (existsSync(join(dir, registerFile))) {
    const report = await checkRegister({
      ...{ data: dir, held: heldCheckpoints },
      ...(verifierKey !== undefined && { verifierKey }),
    });
    process.stdout.write(json === true ? `${JSON.stringify(report)}\n` : describeRegister(report));
    process.exitCode = report.isClean ? 0 : 1;
    return;
  }
  const pin =
    sealed === true
      ? undefined
      : await readSecret({
          ...{ name: 'PIN', file: pinFile, variable: 'WAYGATE_SERVER_PIN', environment: process.env },
        });
  const report = await checkFolder({
    ...{ folder: dir, heldCheckpoints },
    ...(pin !== undefined && { pin }),
    ...(verifierKey !== undefined && { verifierKey }),
    onProgress: (checked, of) => {
      if (process.stderr.isTTY) process.stderr.write(`\rchecked ${checked} of ${of}`);
    },
  });
  process.stdout.write(json === true ? `${JSON.stringify(report)}\n` : describe(report));
  process.exitCode = report.isClean ? 0 : 1;
}

function describeRegister({ verifierKey, entries, isClean, findings }: RegisterReport): string {
  const lines = [`key           ${verifierKey ?? 'none yet'}`, `entries       ${entries}`];
  if (isClean) return `${lines.join('\n')}\nclean\n`;
  const found = findings.map(({ code, place, text }) => `${place}: ${code}: ${text}`);
  return `${[...lines, 'NOT clean', ...found].join('\n')}\n`;
}

function describe(report: FolderReport): string {
  const { origin, verifierKey, size, checked, removed, timestamps, partitions, isOpened } = report;
  const lines = [
    `log           ${origin}`,
    `key           ${verifierKey ?? 'none yet'}`,
    `records       ${checked} checked in ${partitions} partitions; ${size} in the tree`,
    ...(removed > 0
      ? [`removed       the first ${removed}: their partitions are gone; the tree still has them`]
      : []),
    `timestamps    ${timestamps}`,
    `contents      ${isOpened ? 'opened and compared' : 'left sealed: give the PIN to have them compared'}`,
  ];
  if (report.isClean) return `${lines.join('\n')}\nclean\n`;
  const found = report.findings.map(
    ({ code, place, partition, text }) =>
      `${partition === undefined ? '' : `${partition} `}${place}: ${code}: ${text}`,
  );
  const omitted = report.omitted > 0 ? [`and ${report.omitted} more`] : [];
  return `${[...lines, 'NOT clean', ...found, ...omitted].join('\n')}\n`;
}
