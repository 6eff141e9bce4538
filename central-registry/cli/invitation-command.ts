import { Command } from 'commander';
import { accessOf, askAdmin } from '../../gateway/http/index.ts';
import { type JoinStep, joinStepTitles } from '../../gateway/joining/index.ts';

interface AdminOptions {
  readonly data: string;
  readonly admin: string;
  readonly json?: boolean;
}

interface InviteOptions extends AdminOptions {
  readonly class: string;
  readonly code: string;
  readonly name: string;
  readonly contact: string;
  readonly serverCode: string;
  readonly validHours: string;
}

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly member: string;
  readonly memberName: string;
  readonly serverCode: string;
  readonly expiresAt: string;
  readonly address?: string;
  readonly decision?: { readonly outcome: string; readonly reason?: string };
}

interface Joining extends Shown {
  readonly checklist: readonly JoinStep[];
  readonly connections: readonly { host: string; port: number; outcome: string }[];
  readonly requests: readonly { id: number; kind: string; status: string; client?: string }[];
}

/** `waygate registry invite`, `invitations` and `decide`: what the registration officer does about who joins. */
export function invitationCommands(): Command[] {
  return [
    toRegistry(new Command('invite'))
      .description('invite an administration to join with a server of its own; prints the invitation')
      .requiredOption('--class <code>', 'member class')
      .requiredOption('--code <code>', 'member code')
      .requiredOption('--name <name>', 'of the administration')
      .requiredOption('--contact <text>', 'whom to ask about it: a person, an address')
      .option('--server-code <code>', 'of the server that it will found', 'ss1')
      .option('--valid-hours <n>', 'how long it may be redeemed', '168')
      .action(invite),
    toRegistry(new Command('invitations'))
      .description('list invitations and what became of them, or show the checklist of one')
      .argument('[id]', 'of one invitation')
      .action(show),
    toRegistry(new Command('decide'))
      .description('approve or decline a joining')
      .argument('<id>', 'of the invitation')
      .option(
        '--approve',
        'register the member, its server and its subsystems, now or when they are asked for',
      )
      .option('--decline <reason>', 'the reason is shown to who wants to join')
      .action(decide),
  ];
}

function toRegistry(command: Command): Command {
  return command
    .requiredOption('--data <dir>', 'folder of the registry, which holds its API key')
    .option('--admin <url>', 'address of its administration API', 'http://127.0.0.1:4000')
    .option('--json', 'print one JSON document');
}

async function invite(options: InviteOptions): Promise<void> {
  const access = await accessOf(options);
  const made = await askAdmin<{ readonly id: string; readonly invitation: string }>(
    access,
    'POST',
    '/invitations',
    {
      memberClass: options.class,
      memberCode: options.code,
      memberName: options.name,
      contact: options.contact,
      serverCode: options.serverCode,
      validHours: Number(options.validHours),
    },
  );
  print(options, made, `${made.invitation}\n`);
  if (options.json !== true) {
    process.stderr.write(
      `Invitation ${made.id}, for one server, once. Hand it over by a channel that you trust: who has it may join by that name.\n`,
    );
  }
}

async function show(id: string | undefined, options: AdminOptions): Promise<void> {
  const access = await accessOf(options);
  if (id === undefined) {
    const all = await askAdmin<readonly Shown[]>(access, 'GET', '/invitations');
    print(options, all, all.map((one) => `${lineOf(one)}\n`).join(''));
    return;
  }
  const joining = await askAdmin<Joining>(access, 'GET', `/invitations/${encodeURIComponent(id)}`);
  const { checklist, connections, requests } = joining;
  const lines = [
    lineOf(joining),
    ...checklist.map(({ code, state, awaits, detail }) =>
      [
        `  ${state.padEnd(8)} ${joinStepTitles[code]}`,
        ...(awaits === undefined ? [] : [`waits for the ${awaits.replaceAll('-', ' ')}`]),
        ...(detail === undefined ? [] : [printable(detail)]),
      ].join(' - '),
    ),
    ...connections.map(({ host, port, outcome }) => `  tried from here: ${host} port ${port}: ${outcome}`),
    ...requests.map((one) => `  request ${one.id}: ${one.kind} ${one.client ?? ''} ${one.status}`),
  ];
  print(options, joining, `${lines.join('\n')}\n`);
}

async function decide(
  id: string,
  options: AdminOptions & { readonly approve?: boolean; readonly decline?: string },
): Promise<void> {
  const { approve, decline } = options;
  if ((approve === true) === (decline !== undefined)) {
    throw new Error('either --approve or --decline REASON is expected');
  }
  const path = `/invitations/${encodeURIComponent(id)}`;
  const access = await accessOf(options);
  if (decline === undefined) await askAdmin(access, 'POST', `${path}/approve`);
  else await askAdmin(access, 'POST', `${path}/decline`, { reason: decline });
  const outcome = decline === undefined ? 'approved' : 'declined';
  print(options, { id, outcome }, `The joining ${id} is ${outcome}.\n`);
}

function lineOf({ id, state, member, serverCode, memberName, expiresAt, address, decision }: Shown): string {
  return [
    ...[id, state.padEnd(9), `${member}:${serverCode}`, memberName],
    address === undefined ? `expires ${expiresAt}` : `at ${address}`,
    ...(decision === undefined
      ? []
      : [decision.outcome, ...(decision.reason === undefined ? [] : [decision.reason])]),
  ].join('  ');
}

/** What a joining server wrote goes to the officer's terminal: no control of it. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, ' ');
}

function print({ json }: AdminOptions, document: unknown, text: string): void {
  process.stdout.write(json === true ? `${JSON.stringify(document)}\n` : text);
}
