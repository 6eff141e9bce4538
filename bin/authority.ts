import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import {
  type Authority,
  foundAuthority,
  isAuthority,
  issueSecretFile,
  openAuthority,
  type RunningAcme,
  type RunningAuthority,
  startAcme,
  startAuthority,
} from '../certs/authority/index.ts';
import { readSecret } from '../gateway/http/index.ts';
import { openAccountCommand } from './authority-account.ts';

interface AuthorityOptions {
  readonly data: string;
  readonly pinFile?: string;
  readonly json?: boolean;
}

const pinOption = [
  '--pin-file <file>',
  'file with the PIN of its keys; else WAYGATE_AUTHORITY_PIN, else the terminal',
] as const;

/** `waygate authority`: the small certification authority of an instance that has no other. */
export function authorityCommand(): Command {
  const command = new Command('authority').description(
    'a small certification authority with OCSP responder and timestamping authority',
  );
  command
    .command('init')
    .description('found an authority: its keys, its certificates, and the secret that opens enrolments')
    .requiredOption('--data <dir>', 'folder of this authority alone')
    .requiredOption('--name <name>', 'of the authority, as its certificates show it')
    .option(...pinOption)
    .option('--json', 'print one JSON document')
    .action(init);
  command
    .command('start')
    .description('issue certificates, and tell statuses and times until interrupted')
    .requiredOption('--data <dir>', 'folder of this authority')
    .option(...pinOption)
    .option('--host <host>', 'where it is served, in the clear: what it says is signed', '127.0.0.1')
    .option('--port <port>', '0 takes any free one', readPort, 4050)
    .option('--public-url <url>', 'at which servers reach it, written into certificates', readUrl)
    .option('--acme-port <port>', 'serves ACME too, over HTTPS; 0 takes any free one', readPort)
    .option('--acme-public-url <url>', 'at which servers reach that', readSecureUrl)
    .option('--acme-http-port <port>', 'at which applicants show that an address is theirs', readPort, 80)
    .option('--json', 'print one JSON document when ready')
    .addHelpText(
      'after',
      '\nThe registry approves it with its certificates (ca.pem, ocsp.pem, tsa.pem in the folder) and the addresses that' +
        '\nare printed, and lets it give certificates to whom it invites:' +
        '\n\n  waygate registry start --join-authority-url URL --join-authority-secret-file DIR/issue-secret …',
    )
    .action(start);
  command.addCommand(openAccountCommand());
  return command;
}

async function init({
  data,
  name,
  pinFile,
  json,
}: AuthorityOptions & { readonly name: string }): Promise<void> {
  if (await isAuthority(data)) {
    throw new Error(`${data} holds an authority already: start it, or choose another folder`);
  }
  const pin = await readPin(pinFile);
  await foundAuthority(data, { name, pin });
  const { caCertificate } = await openAuthority(data, { pin });
  process.stdout.write(
    json === true
      ? `${JSON.stringify({ data, subject: caCertificate.subject.describe(), notAfter: caCertificate.notAfter })}\n`
      : `The authority ${caCertificate.subject.describe()} is founded in ${data}, until ${caCertificate.notAfter.toISOString()}.\nStart it: waygate authority start --data ${data}\n`,
  );
}

interface StartOptions extends AuthorityOptions {
  readonly host: string;
  readonly port: number;
  readonly publicUrl?: string;
  readonly acmePort?: number;
  readonly acmePublicUrl?: string;
  readonly acmeHttpPort: number;
}

async function start(options: StartOptions): Promise<void> {
  const { data, pinFile, host, port, publicUrl, json } = options;
  if (!(await isAuthority(data))) {
    throw new Error(`${data} holds no authority: waygate authority init --data ${data} --name NAME`);
  }
  const authority = await openAuthority(data, { pin: await readPin(pinFile) });
  const issueSecret = (await readFile(join(data, issueSecretFile), 'utf8')).trim();
  const running = await startAuthority({
    ...{ authority, host, port, issueSecret },
    ...(publicUrl !== undefined && { publicUrl }),
    report,
  });
  const acme = await startAcmeFor(options, authority, issueSecret, running.ocspUrl);
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  show(authority, { ...running, ...(acme && { acmeUrl: acme.directoryUrl }) }, data, json === true);
  await interrupted;
  await acme?.close();
  await running.close();
}

/** @returns undefined when it is not asked for */
async function startAcmeFor(
  { data, host, acmePort: port, acmePublicUrl: publicUrl, acmeHttpPort: httpPort }: StartOptions,
  authority: Authority,
  issueSecret: string,
  ocspUrl: string,
): Promise<RunningAcme | undefined> {
  if (port === undefined) return undefined;
  return startAcme({
    ...{
      authority,
      file: join(data, 'acme-accounts.json'),
      issueSecret,
      host,
      port,
      httpPort,
      ocspUrl,
      report,
    },
    ...(publicUrl !== undefined && { publicUrl }),
  });
}

function report(error: unknown): void {
  process.stderr.write(`waygate: ${error instanceof Error ? error.stack : error}\n`);
}

function show(
  { caCertificate }: Authority,
  { url, ocspUrl, tsaUrl, acmeUrl }: RunningAuthority & { readonly acmeUrl?: string },
  data: string,
  asJson: boolean,
): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ url, ocspUrl, tsaUrl, acmeUrl })}\n`);
    return;
  }
  const lines = [
    `The authority ${caCertificate.subject.describe()} is live.`,
    `  address          ${url}`,
    `  OCSP responder   ${ocspUrl}  certificate ${join(data, 'ocsp.pem')}`,
    `  timestamps       ${tsaUrl}  certificate ${join(data, 'tsa.pem')}`,
    ...(acmeUrl === undefined ? [] : [`  ACME directory   ${acmeUrl}`]),
    `  approve it with  ${join(data, 'ca.pem')}`,
    `  enrolments       secret in ${join(data, issueSecretFile)}`,
    'Stop it with Ctrl+C.',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function readPin(file: string | undefined): Promise<string> {
  return readSecret({ name: 'PIN', file, variable: 'WAYGATE_AUTHORITY_PIN', environment: process.env });
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('a port from 0 to 65535 is expected.');
}

function readUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/$/, '');
  throw new InvalidArgumentError('an http or https address is expected.');
}

function readSecureUrl(text: string): string {
  if (URL.canParse(text) && new URL(text).protocol === 'https:') return text.replace(/\/$/, '');
  throw new InvalidArgumentError('an https address is expected.');
}
