import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { readSecret } from '../gateway/http/index.ts';
import { checkFolder, type FolderReport } from '../security-server/index.ts';

interface FsckOptions {
  readonly pinFile?: string;
  readonly sealed?: boolean;
  readonly checkpoint: readonly string[];
  readonly verifierKey?: string;
  readonly json?: boolean;
}

/** `waygate audit fsck`: checks a message log as it lies on disk. */
export function auditFsckCommand(): Command {
  return new Command('fsck')
    .description('check a whole message log: nothing altered, nothing missing')
    .argument('<dir>', 'data folder of a security server, or the folder of its message log alone')
    .option('--pin-file <file>', 'file with the PIN of the token, which opens what is sealed')
    .option('--sealed', 'leave what is sealed as it is: no PIN is asked for')
    .option('--checkpoint <file...>', 'signed checkpoints that were kept elsewhere', [])
    .option('--verifier-key <key>', 'key of the log as it was told to you; else its own word is taken')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nEvery record is made into its leaf again and compared to the tree, every sealed content is opened and its' +
        '\ndigest compared, every timestamp is compared to what it stamps, and numbers are counted for gaps.' +
        '\n\nWho changes a log can sign it anew. A checkpoint that you keep elsewhere shows that, too: take one now and' +
        '\nthen from the file `checkpoint` of the log, or from GET /api/v1/evidence/log/checkpoint.' +
        '\n\nThe log may be in use meanwhile. The PIN may also be in WAYGATE_SERVER_PIN.' +
        '\n\nExit status: 0 clean, 1 something was found, 2 the log could not be read.',
    )
    .action(fsck);
}

async function fsck(dir: string, options: FsckOptions): Promise<void> {
  const { pinFile, sealed, checkpoint, verifierKey, json } = options;
  const pin =
    sealed === true
      ? undefined
      : await readSecret({
          ...{ name: 'PIN', file: pinFile, variable: 'WAYGATE_SERVER_PIN', environment: process.env },
        });
  const heldCheckpoints = await Promise.all(
    checkpoint.map(async (name) => ({ name, note: await readFile(name, 'utf8') })),
  );
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
  const found = report.findings.map(({ code, place, text }) => `${place}: ${code}: ${text}`);
  const omitted = report.omitted > 0 ? [`and ${report.omitted} more`] : [];
  return `${[...lines, 'NOT clean', ...found, ...omitted].join('\n')}\n`;
}
