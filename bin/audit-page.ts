import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { readJudgingPage } from '../gateway/judging-page/index.ts';

interface PageOptions {
  readonly out: string;
  readonly json?: boolean;
}

/** `waygate audit page`: the page that judges evidence, for whoever has no command. */
export function auditPageCommand(): Command {
  return new Command('page')
    .description('save the page that judges evidence in a browser, without network')
    .requiredOption('--out <file>', 'file to write, which must not be there yet: judge.html')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nHand it out together with an *.evidence.zip: opened from disk, with the network off, it comes to the verdict' +
        '\nof `waygate audit verify`. Who gets it compares its fingerprint with that of somebody they trust.' +
        '\n\nExit status: 0 written, 2 not written.',
    )
    .action(savePage);
}

async function savePage({ out, json }: PageOptions): Promise<void> {
  const { html, sha256 } = await readJudgingPage();
  await writeFile(out, html, { flag: 'wx' });
  const saved = { file: out, octets: html.length, sha256 };
  process.stdout.write(
    json === true ? `${JSON.stringify(saved)}\n` : `${out}: ${html.length} octets, SHA-256 ${sha256}\n`,
  );
}
