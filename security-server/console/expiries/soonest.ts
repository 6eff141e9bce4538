import type { Visit } from '../../../gateway/console/index.ts';
import type { Expiry } from './answers.ts';

/** What ends first, of that which somebody has to see to. */
export async function soonest({ api, language }: Visit): Promise<{
  readonly first: Expiry | undefined;
  /** Of those that ended, or end soon. */
  readonly count: number;
}> {
  // What ends within two months comes first in the list; more than a page of that is still one to begin with.
  const { items } = await api.list<Expiry>(`/api/v1/expiries?language=${language}&limit=1000`);
  const count = items.filter(({ state }) => state === 'ended' || state === 'soon').length;
  return { first: items.find(({ state }) => state !== 'replaced' && state !== 'unreadable'), count };
}
