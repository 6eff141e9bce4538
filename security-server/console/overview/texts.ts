import type { Catalogue, Translated, Visit } from '../../../gateway/console/index.ts';

const english = {
  lead: 'What this server needs from you, and whether it can exchange messages now.',
  nothingWaits: 'Nothing needs doing.',
  state: 'State',
  ready: 'ready to exchange messages',
  notReady: 'cannot exchange messages',
  identifier: 'Identifier of the server',
  lastTimestamp: 'Last timestamp',
  recordsWithoutTimestamp: 'Records that wait for a timestamp',
  token: 'Token',
  tokenActive: 'signed in',
  tokenInactive: 'waits for its PIN',
  pinWaits:
    'The token waits for its PIN: until it is entered, this server signs nothing and exchanges no messages',
  enterPin: 'Enter it',
} as const;

const catalogue: Catalogue<typeof english> = {
  en: english,
  de: {
    lead: 'Was dieser Server von Ihnen braucht, und ob er jetzt Nachrichten austauschen kann.',
    nothingWaits: 'Nichts ist zu tun.',
    state: 'Zustand',
    ready: 'bereit zum Austausch',
    notReady: 'kann keine Nachrichten austauschen',
    identifier: 'Kennung des Servers',
    lastTimestamp: 'Letzter Zeitstempel',
    recordsWithoutTimestamp: 'Einträge, die auf einen Zeitstempel warten',
    token: 'Token',
    tokenActive: 'angemeldet',
    tokenInactive: 'wartet auf die PIN',
    pinWaits:
      'Das Token wartet auf seine PIN: Bis sie eingegeben ist, signiert dieser Server nichts und tauscht keine Nachrichten aus',
    enterPin: 'Eingeben',
  },
};

export function textsOf({ language }: Visit): Translated<typeof english> {
  return catalogue[language];
}
