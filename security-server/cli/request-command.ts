import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { accessOf, askAdmin } from '../../gateway/http/index.ts';

export interface AdminOptions {
  readonly admin: string;
  readonly data: string;
  readonly json?: boolean;
}

interface RequestOptions extends AdminOptions {
  readonly client?: string;
  readonly certificate?: string;
  readonly address?: string;
  readonly name?: string;
  readonly message?: string;
  readonly dryRun?: boolean;
}

interface Sent {
  readonly id: number;
  readonly kind: string;
  readonly client?: string;
  readonly status: string;
  readonly requestId?: number;
  readonly reason?: string;
  readonly sentAt: string;
}

const kinds =
  'authCertReg, authCertDeletion, clientReg, clientDeletion, clientDisable, clientEnable, clientRename, ownerChange, addressChange, maintenanceModeEnable, maintenanceModeDisable';

/** `waygate server request`: asks the registry for something, through a server that is running. */
export function requestCommand(): Command {
  return toServer(new Command('request'))
    .description('send a management request of a running server to the registry')
    .argument('<kind>', kinds)
    .option('--client <id>', 'encoded: instance:class:member[:subsystem]')
    .option('--certificate <file>', 'PEM file of an authentication certificate, or its SHA-256')
    .option('--address <host>', 'host name or IP address of the server among servers')
    .option('--name <name>', 'of the subsystem')
    .option('--message <text>', 'shown to those who call a server in maintenance')
    .option('--dry-run', 'authCertReg: only have it checked')
    .addHelpText('after', '\nExit status: 0 taken by the registry, 2 refused, wrong usage or unreachable.')
    .action(sendRequest);
}

/** `waygate server requests`: what became of them. */
export function requestsCommand(): Command {
  return toServer(new Command('requests'))
    .description('list the management requests of a running server, newest first')
    .option('--status <status>', 'waiting, approved, declined, revoked, checked or failed')
    .action(listRequests);
}

/** A command for a server that is running. */
export function toServer(command: Command): Command {
  return command
    .requiredOption('--data <dir>', 'folder of the server, which holds its API key')
    .option('--admin <url>', 'address of its administration API', 'http://127.0.0.1:4100')
    .option('--json', 'print one JSON document');
}

async function sendRequest(kind: string, options: RequestOptions): Promise<void> {
  const { client, certificate, address, name, message, dryRun } = options;
  const access = await accessOf(options);
  const sent = await askAdmin<Sent>(access, 'POST', '/management-requests', {
    kind,
    client,
    address,
    message,
    dryRun,
    subsystemName: name,
    certificate: certificate === undefined ? undefined : await readCertificate(certificate),
  });
  process.stdout.write(options.json === true ? `${JSON.stringify(sent)}\n` : `${lineOf(sent)}\n`);
}

async function listRequests(options: AdminOptions & { readonly status?: string }): Promise<void> {
  const query = options.status === undefined ? '' : `?status=${encodeURIComponent(options.status)}`;
  const access = await accessOf(options);
  // What was decided a moment ago is what the administrator came for.
  await askAdmin(access, 'POST', '/management-requests/refresh');
  const all = await askAdmin<readonly Sent[]>(access, 'GET', `/management-requests${query}`);
  process.stdout.write(
    options.json === true ? `${JSON.stringify(all)}\n` : all.map((one) => `${lineOf(one)}\n`).join(''),
  );
}

function lineOf({ id, kind, client, status, requestId, reason, sentAt }: Sent): string {
  const fields = [
    String(id).padStart(5),
    sentAt,
    status.padEnd(8),
    kind,
    ...(client === undefined ? [] : [client]),
    ...(requestId === undefined ? [] : [`(${requestId} at the registry)`]),
    ...(reason === undefined ? [] : [`- ${reason}`]),
  ];
  return fields.join('  ');
}

function readCertificate(text: string): Promise<string> | string {
  return /^[0-9a-f]{64}$/i.test(text) ? text : readFile(text, 'utf8');
}
