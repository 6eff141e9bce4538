import { Command } from 'commander';
import type { Dispatcher } from 'undici';
import { readSecret, sendToAdmin } from '../../gateway/http/index.ts';

export interface AuditOptions {
  readonly server: string;
  readonly apiKeyFile?: string;
  readonly json?: boolean;
}

/** A command that asks a running server for evidence. */
export function auditCommand(name: string, about: string): Command {
  return new Command(name)
    .description(about)
    .option('--server <url>', 'administration API of your security server', 'http://127.0.0.1:4100')
    .option('--api-key-file <file>', 'file with its key: `api-key` in the data folder of the server')
    .option('--json', 'print one JSON document');
}

export const keyHelp =
  '\nThe key may also be in WAYGATE_API_KEY. The server writes down who reads evidence, and why.';

/**
 * Asks the API for evidence.
 * @param query values that are undefined are left out
 * @throws Error with what the server refuses, or that it cannot be reached
 */
export async function askEvidence<Answer>(
  options: AuditOptions,
  path: string,
  query: Readonly<Record<string, string | undefined>> = {},
): Promise<Answer> {
  const parameters = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const search = new URLSearchParams(parameters).toString();
  const { body } = await send(options, 'GET', `${path}${search === '' ? '' : `?${search}`}`);
  return (await body.json()) as Answer;
}

/** What the server wrote into one file, with its headers. @throws Error as `askEvidence` */
export async function orderEvidence(
  options: AuditOptions,
  path: string,
  order: object,
): Promise<{ readonly bytes: Buffer; readonly header: (name: string) => string | undefined }> {
  const { body, headers } = await send(options, 'POST', path, order);
  const bytes = Buffer.from(await body.arrayBuffer());
  return { bytes, header: (name) => [headers[name]].flat().at(0) };
}

async function send(
  { server, apiKeyFile }: AuditOptions,
  method: 'GET' | 'POST',
  path: string,
  order?: object,
): Promise<Dispatcher.ResponseData> {
  const key = await readSecret({
    ...{ name: 'API key', file: apiKeyFile, variable: 'WAYGATE_API_KEY', environment: process.env },
  });
  const access = { url: new URL(server).origin, key };
  // A large export is gathered before its first octet comes.
  return sendToAdmin(access, method, `/evidence${path}`, order, 600_000);
}
