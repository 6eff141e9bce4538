import { EvidenceError } from '../../error.ts';
import { type MessageFacts, parseFacts } from '../../facts.ts';
import type { BundleContent, BundleRecord } from '../../model.ts';
import type { Step } from '../../verdict.ts';
import { type Child, copyable, el, said, table, visible } from './dom.ts';
import { renderMessage } from './message.ts';
import { renderSteps, sumUp } from './steps.ts';
import { instantText, partyText, plural, states, statusText } from './words.ts';

/** A page with more cards at once is slow to scroll and to print. */
const cardsAtOnce = 100;

interface Card {
  readonly record: BundleRecord;
  readonly steps: readonly Step[];
}

/** Every message as a card: who sent what to whom when, and what was checked. Failed ones come first. */
export function renderRecords({ records }: BundleContent, steps: readonly Step[]): HTMLElement {
  const byRecord = Map.groupBy(steps, ({ about }) => about);
  const cards = records.map((record): Card => ({ record, steps: byRecord.get(nameOf(record)) ?? [] }));
  const ordered = [...cards.filter(isBad), ...cards.filter((card) => !isBad(card))];
  const list = el('ol', { class: 'records' });
  const more = el('button', { type: 'button', class: 'more', click: () => showMore() });
  const showMore = (): void => {
    const from = list.childElementCount;
    list.append(...ordered.slice(from, from + cardsAtOnce).map((card) => el('li', {}, renderCard(card))));
    const left = ordered.length - list.childElementCount;
    more.replaceChildren(`Show ${plural(Math.min(left, cardsAtOnce), 'more message')} of ${left}`);
    more.hidden = left === 0;
  };
  showMore();
  return el(
    'section',
    { 'aria-labelledby': 'records' },
    el('h2', { id: 'records' }, `Messages (${records.length.toLocaleString('en-GB')})`),
    list,
    more,
  );
}

export function isOfRecord({ records }: BundleContent): (step: Step) => boolean {
  const names = new Set(records.map(nameOf));
  return ({ about }) => names.has(about);
}

function nameOf({ index }: BundleRecord): string {
  return `records/${index}`;
}

function isBad({ steps }: Card): boolean {
  return steps.some(({ state }) => state === 'bad');
}

/** A judge who cannot believe the log does not look at its records. */
function stateOf(card: Card): Step['state'] {
  if (card.steps.length === 0) return 'absent';
  return isBad(card) ? 'bad' : 'good';
}

const endings = { good: '', bad: ': do not rely on it', absent: ': not checked' } as const;

function renderCard(card: Card): HTMLElement {
  const { record, steps } = card;
  const facts = factsOf(record);
  const state = stateOf(card);
  const kind = facts === undefined ? 'Message' : facts.direction === 'request' ? 'Request' : 'Response';
  return el(
    'article',
    { class: `card ${state}` },
    el(
      'h3',
      {},
      el('span', { class: 'icon', 'aria-hidden': 'true' }, states[state].icon),
      `${kind}${endings[state]}`,
    ),
    ...(facts === undefined ? [el('p', {}, 'What was recorded of it cannot be read.')] : renderFacts(facts)),
    renderErased(record),
    renderMessage(record),
    el(
      'details',
      { class: 'checks', open: state === 'bad' },
      el('summary', {}, steps.length === 0 ? 'Nothing was checked' : `What was checked: ${sumUp(steps)}`),
      renderSteps(steps),
    ),
  );
}

function factsOf({ facts }: BundleRecord): MessageFacts | undefined {
  try {
    const read = parseFacts(facts);
    return read.kind === 'message' ? read : undefined;
  } catch (error) {
    if (error instanceof EvidenceError) return undefined;
    throw error;
  }
}

function renderFacts(facts: MessageFacts): Child[] {
  const { at, queryId, requestId, userId, issue, sequence, side, configuration } = facts;
  const optional = (name: string, value: string | undefined) =>
    value === undefined ? [] : [[name, said(value)] as const];
  return [
    el('p', { class: 'sentence' }, ...sentenceOf(facts)),
    table([
      ['recorded', el('time', { datetime: at }, instantText(at))],
      ['message ID', copyable(queryId, 'message ID')],
      ['request ID', copyable(requestId, 'request ID')],
      ...optional('user', userId),
      ...optional('reason given', issue),
      ['recorded by', side === 'client' ? 'the server of who asked' : 'the server of who answered'],
      ['number', `${sequence} between these two`],
      ['configuration', copyable(configuration, 'configuration')],
    ]),
  ];
}

function sentenceOf({ direction, client, provider, service, status }: MessageFacts): Child[] {
  const [asker, answerer, what] = [client, provider, service].map((encoded) =>
    el('strong', {}, said(partyText(encoded))),
  );
  if (direction === 'request') return [asker ?? '', ' asked ', answerer ?? '', ' for ', what ?? '', '.'];
  const outcome = status === undefined ? '.' : `, with ${statusText(status)}.`;
  return [answerer ?? '', ' answered ', asker ?? '', ' about ', what ?? '', outcome];
}

function renderErased({ erased, container }: BundleRecord): Child {
  if (container === null) {
    return el('p', { class: 'note' }, 'The message itself was not handed over, only that it passed.');
  }
  if (erased.length === 0) return null;
  const names = visible(
    erased.map((name) => (name === 'message.xml' ? 'the message text' : name)).join(', '),
  );
  return el(
    'p',
    { class: 'note' },
    `Erased: ${names}. The log no longer has it; its fingerprint stays under the signature, so that a copy kept elsewhere can still be compared.`,
  );
}
