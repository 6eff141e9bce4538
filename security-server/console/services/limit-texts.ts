import type { Catalogue, Translated, Visit } from '../../../gateway/console/index.ts';

const english = {
  limits: 'Limits',
  lead: 'How many requests the service takes in a period, and of whom. Who asks for more is refused until the next one begins.',
  none: 'No limits',
  noneText: 'The service takes as many requests as come.',
  whose: 'From whom',
  whoses: {
    each: 'each consumer by itself',
    all: 'all together',
    one: 'one consumer alone',
  },
  consumer: 'That consumer',
  consumerHint: 'Such as PILOT:MUN:2001:portal; it has this limit in place of what is for each',
  requests: 'Requests',
  requestsHint: 'In one period; 0 lets none pass',
  period: 'In',
  periodHint: 'Periods are those of the clock in UTC: the full minute, hour, day; weeks begin on Thursday',
  periods: { 1: 'a second', 60: 'a minute', 3600: 'an hour', 86400: 'a day', 604800: 'a week' },
  seconds: (count: number) => `${count} seconds`,
  add: 'Add or change a limit',
  addLead: 'A limit for the same consumers and period takes the place of the former.',
  counts: 'Counted in this period',
  countsLead:
    'Since the period began, or the server started. Only requests whose signature was verified count.',
  nothingCounted: 'Nothing was counted',
  nothingCountedText: 'No request to which a limit applies came in this period.',
  used: 'Used',
  usedOf: (count: number, requests: number) => `${count} of ${requests}`,
  renewsAt: 'Begins anew',
  remove: 'Remove a limit',
  removeHappens: (consumer: string, period: string) =>
    `From now on the limit for ${consumer} in ${period} does not hold. Others stay.`,
  removed: 'The limit is removed',
} as const;

const catalogue: Catalogue<typeof english> = {
  en: english,
  de: {
    limits: 'Grenzen',
    lead: 'Wie viele Anfragen der Dienst in einem Zeitraum annimmt, und von wem. Wer mehr will, wird abgelehnt, bis der nächste beginnt.',
    none: 'Keine Grenzen',
    noneText: 'Der Dienst nimmt so viele Anfragen an, wie kommen.',
    whose: 'Von wem',
    whoses: {
      each: 'jeder Nutzer für sich',
      all: 'alle zusammen',
      one: 'ein Nutzer allein',
    },
    consumer: 'Dieser Nutzer',
    consumerHint: 'Wie PILOT:MUN:2001:portal; für ihn gilt diese Grenze statt der für jeden',
    requests: 'Anfragen',
    requestsHint: 'In einem Zeitraum; 0 lässt keine durch',
    period: 'In',
    periodHint:
      'Zeiträume sind die der Uhr in UTC: die volle Minute, Stunde, der Tag; Wochen beginnen am Donnerstag',
    periods: {
      1: 'einer Sekunde',
      60: 'einer Minute',
      3600: 'einer Stunde',
      86400: 'einem Tag',
      604800: 'einer Woche',
    },
    seconds: (count) => `${count} Sekunden`,
    add: 'Grenze hinzufügen oder ändern',
    addLead: 'Eine Grenze für dieselben Nutzer und denselben Zeitraum tritt an die Stelle der früheren.',
    counts: 'In diesem Zeitraum gezählt',
    countsLead:
      'Seit der Zeitraum begann oder der Server startete. Es zählen nur Anfragen, deren Signatur geprüft wurde.',
    nothingCounted: 'Nichts wurde gezählt',
    nothingCountedText: 'In diesem Zeitraum kam keine Anfrage, für die eine Grenze gilt.',
    used: 'Verbraucht',
    usedOf: (count, requests) => `${count} von ${requests}`,
    renewsAt: 'Beginnt neu',
    remove: 'Grenze entfernen',
    removeHappens: (consumer, period) =>
      `Von jetzt an gilt die Grenze für ${consumer} in ${period} nicht mehr. Andere bleiben.`,
    removed: 'Die Grenze ist entfernt',
  },
};

export function limitTextsOf({ language }: Visit): Translated<typeof english> {
  return catalogue[language];
}
