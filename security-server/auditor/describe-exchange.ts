import { describeParty, type NamedParty } from './parties.ts';
import type { ShownRecord } from './show-record.ts';
import { type TellingLanguage, tellers } from './tellers.ts';

export interface DescribedExchange {
  readonly client: NamedParty;
  readonly provider: NamedParty;
  readonly service: string;
  readonly requestId: string;
  readonly userId: string | null;
  readonly issue: string | null;
  readonly records: readonly ShownRecord[];
}

/** What happened, step by step, as one would tell it to a court. */
export function describeExchange(exchange: DescribedExchange, language: TellingLanguage): string[] {
  const { client, provider, service, userId, issue, records } = exchange;
  const teller = tellers[language];
  const asked = teller.asked({
    ...{ client: describeParty(client), provider: describeParty(provider), service, userId, issue },
  });
  const isAnswered = records.some(({ direction }) => direction === 'response');
  return [
    asked,
    ...records.flatMap((record) => describeRecord(record, exchange, language)),
    ...(isAnswered ? [] : [teller.unanswered]),
  ];
}

function describeRecord(
  record: ShownRecord,
  { client, provider }: DescribedExchange,
  language: TellingLanguage,
): string[] {
  const { direction, signature, timestamp, head, bodies } = record;
  const teller = tellers[language];
  const sender = describeParty({ ...(direction === 'request' ? client : provider), subsystemName: null });
  return [
    teller.recorded(record),
    ...(signature === null ? [teller.unreadable(direction)] : [teller.signed(signature, sender)]),
    ...(signature?.ocspProducedAt ? [teller.good(signature.ocspProducedAt)] : []),
    timestamp === null ? teller.unstamped : teller.stamped(timestamp),
    ...(head.isErased ? [teller.headErased] : []),
    ...bodies.map(teller.body),
  ];
}
