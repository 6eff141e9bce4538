import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { Agent, request } from 'undici';

interface CallOptions {
  readonly server: string;
  readonly client: string;
  readonly method: string;
  readonly data?: string;
  readonly header: readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly insecure?: boolean;
  readonly json?: boolean;
}

/** `waygate call`: one REST exchange through a security server, as an information system makes it. */
export function callCommand(): Command {
  return new Command('call')
    .description('make a REST exchange through a security server')
    .argument(
      '<service>',
      'service identifier and path, e.g. PILOT/GOV/1001/population/register/persons/P-1001',
    )
    .requiredOption('--server <url>', 'address of your own security server, e.g. http://localhost:8080')
    .requiredOption('--client <id>', 'the subsystem that calls, e.g. PILOT/MUN/2001/permits')
    .option('-X, --method <verb>', 'HTTP method', 'GET')
    .option('-d, --data <body>', 'request body; @file reads it from a file, @- from standard input')
    .option(
      '-H, --header <name:value>',
      'further header, repeatable',
      (value, list: string[]) => [...list, value],
      [],
    )
    .option('--cert <file>', 'PEM client certificate, for clients whose connection type demands one')
    .option('--key <file>', 'PEM private key of --cert')
    .option('--insecure', 'accept any TLS certificate of the security server')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExit status: 0 answered by the service, 1 refused on the way, 2 wrong usage or unreachable.',
    )
    .action(call);
}

async function call(service: string, options: CallOptions): Promise<void> {
  const startedAt = performance.now();
  const body = options.data === undefined ? undefined : readBody(options.data);
  const agent = new Agent({
    connect: {
      rejectUnauthorized: options.insecure !== true,
      ...(options.cert === undefined ? {} : { cert: readFileSync(options.cert) }),
      ...(options.key === undefined ? {} : { key: readFileSync(options.key) }),
    },
  });
  const path = service.startsWith('/r1/') ? service : `/r1/${service}`;
  try {
    const response = await request(new URL(options.server).origin + path, {
      method: options.method.toUpperCase() as 'GET',
      headers: { 'X-Road-Client': options.client, ...Object.fromEntries(options.header.map(splitHeader)) },
      body: body ?? null,
      dispatcher: agent,
    }).catch((cause: Error) => {
      const reason = `the security server at ${options.server} did not answer: ${cause.message}`;
      throw new Error(`${reason}; check --server, and that it is running`, { cause });
    });
    const text = await response.body.text();
    report(response.statusCode, response.headers, text, performance.now() - startedAt, options.json === true);
  } finally {
    await agent.close();
  }
}

function report(
  status: number,
  headers: Record<string, string | string[] | undefined>,
  body: string,
  durationMs: number,
  asJson: boolean,
): void {
  const value = (name: string) => {
    const found = headers[name];
    return Array.isArray(found) ? found.at(-1) : found;
  };
  const error = value('x-road-error') ?? null;
  const id = value('x-road-id') ?? null;
  const requestId = value('x-road-request-id') ?? null;
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ status, error, id, requestId, durationMs, headers, body })}\n`);
  } else {
    process.stdout.write(body.endsWith('\n') || body === '' ? body : `${body}\n`);
    const ids = id === null ? '' : `, message id ${id}, request id ${requestId}`;
    const what = error === null ? `HTTP ${status}` : `refused: ${error} (HTTP ${status})`;
    process.stderr.write(`${what}${ids}, ${durationMs.toFixed(1)} ms\n`);
  }
  process.exitCode = error === null ? 0 : 1;
}

function readBody(data: string): Buffer {
  if (!data.startsWith('@')) return Buffer.from(data);
  return readFileSync(data === '@-' ? 0 : data.slice(1));
}

function splitHeader(text: string): [string, string] {
  const colon = text.indexOf(':');
  if (colon < 1) throw new Error(`--header expects name:value, not '${text}'`);
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}
