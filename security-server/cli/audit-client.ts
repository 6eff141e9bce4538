import { Command } from 'commander';
import { type Dispatcher, request } from 'undici';
import { readSecret } from '../../gateway/http/index.ts';

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
  const response = await request(`${new URL(server).origin}/api/v1/evidence${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(order !== undefined && { 'content-type': 'application/json' }),
    },
    body: order === undefined ? null : JSON.stringify(order),
    // A large export is gathered before its first octet comes.
    headersTimeout: 600_000,
  }).catch((cause: Error) => {
    const message = `the server at ${server} did not answer: ${cause.message}; check --server, and that it is running`;
    throw new Error(message, { cause });
  });
  if (response.statusCode === 200) return response;
  throw new Error(`the server refused: ${refusalOf(await response.body.text(), response.statusCode)}`);
}

/** What a problem document says; anything else as it came. */
function refusalOf(text: string, status: number): string {
  try {
    const { code, detail } = JSON.parse(text) as { readonly code?: string; readonly detail?: string };
    return `${code ?? status}: ${detail ?? ''}`;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return `HTTP ${status}: ${text.slice(0, 500)}`;
  }
}
