import { Command } from 'commander';
import { accessOf, askAdmin } from '../../gateway/http/index.ts';
import type { BodyPolicyRule } from '../body-policy/index.ts';
import { printTable } from './print-table.ts';
import { type AdminOptions, toServer } from './request-command.ts';

interface PlaceOptions extends AdminOptions {
  readonly side: string;
}

const keepHelp =
  '\nWhat is kept: `keep` everything as long as the record; `digest` no bodies, and of heads who called which service;' +
  '\na number N: heads and bodies are erased after N days. The evidence verifies in all three, up to the digests that' +
  '\nwere signed. It counts for messages recorded from then on; the narrowest policy of a service counts.';

/** `waygate server body-policy`: what the log keeps of the contents of messages. */
export function bodyPolicyCommand(): Command {
  const command = new Command('body-policy').description(
    'what a running server keeps of the contents of messages',
  );
  command.addCommand(
    toServer(new Command('list'))
      .description('list the policies; where none speaks, all is kept')
      .action(list),
  );
  command.addCommand(
    withSide(toServer(new Command('set')))
      .description('set what is kept of a member, subsystem or service, as provider, and all under it')
      .argument('<scope>', 'encoded: instance:class:member[:subsystem][:service]')
      .argument('<kept>', 'keep, digest, or a number of days')
      .addHelpText('after', `${keepHelp}\n\nExit status: 0 in force, 2 refused, wrong usage or unreachable.`)
      .action(set),
  );
  command.addCommand(
    withSide(toServer(new Command('remove')))
      .description('remove a policy; what was recorded under it is still erased when it said')
      .argument('<scope>', 'as it was set')
      .action(remove),
  );
  return command;
}

function withSide(command: Command): Command {
  return command.requiredOption(
    '--side <side>',
    'provider: messages that this server answers for its services; client: those that it sends for its clients',
  );
}

async function list(options: AdminOptions): Promise<void> {
  const rules = await askAdmin<readonly BodyPolicyRule[]>(await accessOf(options), 'GET', '/body-policies');
  if (options.json === true) process.stdout.write(`${JSON.stringify(rules)}\n`);
  else if (rules.length === 0) process.stdout.write('There are no policies: all is kept.\n');
  else process.stdout.write(printTable(columns, rules));
}

const columns = [
  { title: 'side', value: ({ side }: BodyPolicyRule) => side },
  { title: 'scope', value: ({ scope }: BodyPolicyRule) => scope },
  {
    title: 'kept',
    value: ({ policy }: BodyPolicyRule) => (policy.kind === 'days' ? `${policy.days} days` : policy.kind),
  },
];

async function set(scope: string, kept: string, options: PlaceOptions): Promise<void> {
  const policy = readKept(kept);
  await askAdmin(await accessOf(options), 'PUT', pathOf(options.side, scope), policy);
  done(options, `Set. It counts for messages recorded from now on.`);
}

async function remove(scope: string, options: PlaceOptions): Promise<void> {
  await askAdmin(await accessOf(options), 'DELETE', pathOf(options.side, scope));
  done(options, 'Removed.');
}

function done({ json }: AdminOptions, text: string): void {
  process.stdout.write(json === true ? '{}\n' : `${text}\n`);
}

function pathOf(side: string, scope: string): string {
  return `/body-policies/${encodeURIComponent(side)}/${encodeURIComponent(scope)}`;
}

function readKept(kept: string): BodyPolicyRule['policy'] {
  if (kept === 'keep' || kept === 'digest') return { kind: kept };
  if (/^[1-9]\d{0,4}$/.test(kept)) return { kind: 'days', days: Number(kept) };
  throw new Error(`what is kept is keep, digest, or a number of days, not '${kept}'`);
}
