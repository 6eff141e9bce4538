import type { MessageFacts } from './facts.ts';
import type { BundleRecord, BundleScope } from './model.ts';
import { bad, type Step } from './verdict.ts';

/** Whether a bundle of this scope is about a message; or only its number counts, for what is before and after it. */
type Belonging = 'inside' | 'beside' | 'outside';

function belongingOf(facts: MessageFacts, scope: BundleScope): Belonging {
  if (scope.kind === 'case') return 'inside';
  if (scope.kind === 'exchange') return facts.queryId === scope.queryId ? 'inside' : 'outside';
  if (!isOfParty(facts, scope.party)) return 'outside';
  // Instants in this form are in order as texts.
  return scope.from <= facts.at && facts.at < scope.to ? 'inside' : 'beside';
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
  { container }: BundleRecord,
  facts: MessageFacts,
  scope: BundleScope,
  about: string,
): readonly Step[] {
  const belonging = belongingOf(facts, scope);
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
