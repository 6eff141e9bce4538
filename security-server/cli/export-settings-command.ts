import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { accessOf, sendToAdmin } from '../../gateway/http/index.ts';
import { type AdminOptions, toServer } from './request-command.ts';

interface ExportOptions extends AdminOptions {
  readonly out?: string;
}

/** `waygate server export-settings`: all settings of a running server in one document. */
export function exportSettingsCommand(): Command {
  return toServer(new Command('export-settings'))
    .description('write all settings of a running server as one JSON document, without secrets')
    .option('--out <file>', 'a new file; else standard output')
    .addHelpText(
      'after',
      '\nTo be read, kept and compared: two exports differ by what was changed. What is restored is a backup' +
        '\n(`waygate server backup`), which has the keys as well.' +
        '\n\nExit status: 0 written, 2 refused, wrong usage or unreachable.',
    )
    .action(exportSettings);
}

async function exportSettings({ out, json, ...options }: ExportOptions): Promise<void> {
  const response = await sendToAdmin(await accessOf(options), 'GET', '/settings/export');
  const document = await response.body.text();
  if (out === undefined) {
    process.stdout.write(document);
    return;
  }
  // What was exported before is what this is compared with.
  await writeFile(out, document, { flag: 'wx', mode: 0o600 });
  process.stdout.write(json === true ? `${JSON.stringify({ out })}\n` : `The settings are in ${out}.\n`);
}
