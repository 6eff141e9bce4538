import type { MessageFacts } from './facts.ts';
import { groupOf } from './group.ts';
import type { BundleRecord, BundleScope } from './model.ts';
import { bad, type Step } from './verdict.ts';

/** What a bundle is about, and what `askedIn` says of it. */
interface Asked {
  readonly scope: BundleScope;
  readonly asked: ReadonlySet<string> | undefined;
}

/** Whether a bundle of this scope is about a message; or only its number counts, for what is before and after it. */
type Belonging = 'inside' | 'beside' | 'outside';

function belongingOf(facts: MessageFacts, index: number, { scope, asked }: Asked): Belonging {
  if (scope.kind === 'case' || scope.kind === 'exchange') {
    if (asked?.has(facts.queryId) !== false) return 'inside';
    // Of the answers to others, numbers alone may show that none of them is to the request; `judgeAnswers` does so.
    return facts.direction === 'response' ? 'beside' : 'outside';
  }
  if (scope.kind === 'archive') {
    if (groupOf(facts, scope.grouping) !== scope.group) return 'outside';
    return scope.from <= index && index < scope.to ? 'inside' : 'beside';
  }
  if (!isOfParty(facts, scope.party)) return 'outside';
  // Instants in this form are in order as texts.
  return scope.from <= facts.at && facts.at < scope.to ? 'inside' : 'beside';
}

/** Message ids of the exchanges that a bundle is about; undefined when it is about others, or does not tell. */
export function askedIn(scope: BundleScope): ReadonlySet<string> | undefined {
  if (scope.kind === 'exchange') return new Set([scope.queryId]);
  return scope.kind === 'case' && scope.queryIds !== undefined ? new Set(scope.queryIds) : undefined;
}

/** Encoded identifiers: a member has all its subsystems under it. */
export function isOfParty(
  { client, provider }: Pick<MessageFacts, 'client' | 'provider'>,
  party: string,
): boolean {
  return [client, provider].some((id) => id === party || id.startsWith(`${party}:`));
}

/**
 * Whether a record should be in the bundle, and with its message. Between the tallies and the period there may be
 * records that only their numbers are told of.
 */
export function judgeScope(
  { container, index }: BundleRecord,
  facts: MessageFacts,
  asked: Asked,
  about: string,
): readonly Step[] {
  const belonging = belongingOf(facts, index, asked);
  if (belonging === 'inside' && container === null) {
    const text = 'The bundle is about this record, and has not its message.';
    return [bad('container', about, 'container-missing', text)];
  }
  if (belonging === 'outside' || (belonging === 'beside' && container !== null)) {
    const text = 'The bundle is not about this record: it was put in, or the scope was changed.';
    return [bad('scope', about, 'out-of-scope', text)];
  }
  return [];
}
