import type { MessageFacts } from './facts.ts';

/** By whom archives are kept apart. */
export type Grouping = 'none' | 'member' | 'subsystem';

export const groupings = ['none', 'member', 'subsystem'] as const satisfies readonly Grouping[];

const fieldsOfMember = 3;

/**
 * Group of a record: our own party of the exchange, encoded; empty without grouping. A client that is a member itself
 * makes a group of its own among subsystems.
 */
export function groupOf(
  { side, client, provider }: Pick<MessageFacts, 'side' | 'client' | 'provider'>,
  grouping: Grouping,
): string {
  if (grouping === 'none') return '';
  const owner = side === 'client' ? client : provider;
  return grouping === 'member' ? owner.split(':').slice(0, fieldsOfMember).join(':') : owner;
}

/** Whether a pair, as `pairOf` names it, is numbered for a group. */
export function isPairOfGroup(pair: string, grouping: Grouping, group: string): boolean {
  const [client = '', provider = '', , side] = pair.split('|');
  return groupOf({ client, provider, side: side === 'client' ? 'client' : 'provider' }, grouping) === group;
}
