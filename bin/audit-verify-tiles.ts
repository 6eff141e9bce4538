import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { checkTileFolder, type TileFolderReport } from '../gateway/transparency/index.ts';

interface VerifyTilesOptions {
  readonly verifierKey: string;
  readonly checkpoint: readonly string[];
  readonly json?: boolean;
}

/** `waygate audit verify-tiles`: holds a log that was laid out as static files to what it signed. */
export function auditVerifyTilesCommand(): Command {
  return new Command('verify-tiles')
    .description('check a log laid out as static files against its signed checkpoint, offline')
    .argument('<dir>', 'folder of `waygate audit tiles`, or a copy of what a log publishes in that layout')
    .requiredOption('--verifier-key <key>', "the log's key, as its owner publishes it")
    .option(
      '--checkpoint <file>',
      'a signed checkpoint that you hold, from before; may be repeated',
      (file: string, before: readonly string[]): readonly string[] => [...before, file],
      [],
    )
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nEvery tile is made into the hash above it, up to the root that the checkpoint signs; entries that are there' +
        '\nare made into their leaves. A file that is not as it was signed for is named, and so is one that is missing.' +
        '\n\nWho has the key can sign another history: a checkpoint that you kept shows that.' +
        '\n\nExit status: 0 all as signed, 1 something was found, 2 the folder could not be read.',
    )
    .action(verifyTiles);
}

async function verifyTiles(
  dir: string,
  { verifierKey, checkpoint, json }: VerifyTilesOptions,
): Promise<void> {
  const held = await Promise.all(
    checkpoint.map(async (name) => ({ name, note: await readFile(name, 'utf8') })),
  );
  const report = checkTileFolder({ dir, verifierKey, held });
  process.stdout.write(json === true ? `${JSON.stringify(report)}\n` : describe(report));
  process.exitCode = report.isGood ? 0 : 1;
}

function describe(report: TileFolderReport): string {
  const { origin, size, tiles, bundles, beyond, isGood, findings, omitted } = report;
  const lines =
    origin === null
      ? []
      : [
          `log       ${origin}`,
          `leaves    ${size}`,
          `tiles     ${tiles} compared`,
          `entries   ${bundles} bundles compared`,
          ...(beyond > 0 ? [`beyond    ${beyond} files that the checkpoint does not cover yet`] : []),
        ];
  if (isGood) return `${[...lines, 'as signed'].join('\n')}\n`;
  const found = findings.map(({ file, code, text }) => `${file}: ${code}: ${text}`);
  const more = omitted > 0 ? [`and ${omitted} more`] : [];
  return `${[...lines, 'NOT as signed', ...found, ...more].join('\n')}\n`;
}
