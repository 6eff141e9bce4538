import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { readConfigurationFolder } from '../gateway/configuration/index.ts';
import { createAuditor, type JudgedArchive, type Judgement } from '../security-server/index.ts';

interface VerifyOptions {
  readonly configuration: string;
  readonly json?: boolean;
}

/** `waygate audit verify`: judges containers and archives offline. */
export function auditVerifyCommand(): Command {
  return new Command('verify')
    .description('judge .asice containers and archive .zip files, offline')
    .argument('<file...>', 'containers and archives')
    .requiredOption('--configuration <dir>', 'configuration as of then, in the layout of X-Road on disk')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nThe configuration says whom to trust: take it from GET /verificationconf of a security server, or with' +
        '\n`waygate config verify --into DIR`.\n\nExit status: 0 all valid, 1 some not, 2 a file could not be read.',
    )
    .action(verify);
}

async function verify(files: readonly string[], { configuration, json }: VerifyOptions): Promise<void> {
  const auditor = createAuditor(await readConfigurationFolder(configuration));
  const results: Judgement[] = [];
  let linking: JudgedArchive['linking'] | null = null;
  for (const file of files) {
    const bytes = await readFile(file);
    if (!file.toLowerCase().endsWith('.zip')) {
      results.push(await auditor.judgeContainer(file, bytes));
      continue;
    }
    const archive = await auditor.judgeArchive(file, bytes);
    results.push(...archive.results);
    if (linking?.valid !== false) linking = archive.linking;
  }
  const isGood = results.every(({ valid }) => valid) && linking?.valid !== false;
  if (json === true) {
    process.stdout.write(`${JSON.stringify({ results, linking })}\n`);
  } else {
    process.stdout.write(results.map(describe).join(''));
    if (linking !== null) {
      process.stdout.write(
        `linking: ${linking.valid ? 'valid' : `NOT valid: ${linking.code}: ${linking.reason}`}\n`,
      );
    }
  }
  process.exitCode = isGood ? 0 : 1;
}

function describe(judgement: Judgement): string {
  const {
    file,
    valid,
    code,
    reason,
    signer,
    direction,
    messageId,
    signedAt,
    timestampedAt,
    parts,
    warnings,
  } = judgement;
  if (!valid) return `${file}: NOT valid\n  ${code}: ${reason}\n`;
  const named = parts.map(({ name, present }) => (present ? name : `${name} (signed, not kept)`)).join(', ');
  const lines = [
    `${file}: valid`,
    `  ${direction} ${messageId} of ${signer}`,
    `  signed       ${signedAt ?? 'at an unknown time'} (as the signer says)`,
    `  timestamped  ${timestampedAt}`,
    `  covers       ${named}`,
    ...warnings.map((warning) => `  note: ${warning}`),
  ];
  return `${lines.join('\n')}\n`;
}
