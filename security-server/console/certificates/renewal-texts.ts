import type { Catalogue, Translated, Visit } from '../../../gateway/console/index.ts';

const english = {
  renewal: 'Renewal',
  lead: 'The authority of this certificate gives certificates out by itself (ACME): the next one is ordered for a new key, put to use without a failed exchange, and the old one retired.',
  notWatched:
    'It does not renew itself: it is switched off, another takes its place, or `acme.renew` is off.',
  replaces: 'It takes the place of',
  order: 'Order',
  due: 'Due',
  dueBy: {
    authority: '(as the authority wishes)',
    age: '(after two thirds of its life)',
    request: '(somebody asked for it)',
  } as Readonly<Record<string, string>>,
  since: 'In this state since',
  until: 'Until',
  replacement: 'New certificate',
  lastError: 'Last error',
  failures: 'Failed attempts in a row',
  next: 'Next attempt',
  renewsAt: 'Renews itself',
  fails: 'renewal fails',
  renew: 'Renew now',
  goOn: 'Go on with the renewal now',
  begun: 'The renewal is under way.',
  happensSigning: [
    'A new key is made, and a certificate for it ordered of the authority: this is the rehearsal of the renewal that comes by itself, and is one.',
    'When its status is good, messages are signed with the new one; the old one is kept for a day, and then deleted with its key.',
  ],
  happensAuthentication: [
    'A new key is made, a certificate for it ordered of the authority, and registered with the registry: this is the rehearsal of the renewal that comes by itself, and is one.',
    'When no server can refuse the new one, it is used; the old one is kept for a day, then deregistered and deleted with its key.',
  ],
  states: {
    waiting: 'not due',
    ordering: 'being ordered',
    registering: 'waits for the registry',
    spreading: 'waits until every server knows the new one',
    activating: 'waits for its status',
    retiring: 'the old one is switched off',
    grace: 'the old one is kept for a while',
    deregistering: 'the old one is deregistered',
    removing: 'the old one is deleted',
    done: 'done',
  } as Readonly<Record<string, string>>,
  meanings: {
    waiting: 'The certificate serves; nothing needs doing.',
    ordering: 'The old certificate serves.',
    registering: 'The old certificate serves until the registry has registered the new one.',
    spreading: 'The old certificate serves.',
    activating: 'The old certificate serves.',
    retiring: 'The new certificate serves.',
    grace: 'The new certificate serves.',
    deregistering: 'The new certificate serves.',
    removing: 'The new certificate serves.',
    done: 'The new certificate serves, and the old one is gone.',
  } as Readonly<Record<string, string>>,
} as const;

const catalogue: Catalogue<typeof english> = {
  en: english,
  de: {
    renewal: 'Erneuerung',
    lead: 'Die Stelle dieses Zertifikats gibt Zertifikate von selbst aus (ACME): Das nächste wird für einen neuen Schlüssel bestellt, ohne gescheiterten Austausch in Gebrauch genommen, und das alte zurückgezogen.',
    notWatched:
      'Es erneuert sich nicht: Es ist abgeschaltet, ein anderes tritt an seine Stelle, oder `acme.renew` ist aus.',
    replaces: 'Es tritt an die Stelle von',
    order: 'Bestellung',
    due: 'Fällig',
    dueBy: {
      authority: '(wie die Zertifizierungsstelle es wünscht)',
      age: '(nach zwei Dritteln seiner Laufzeit)',
      request: '(jemand hat darum gebeten)',
    },
    since: 'In diesem Zustand seit',
    until: 'Bis',
    replacement: 'Neues Zertifikat',
    lastError: 'Letzter Fehler',
    failures: 'Gescheiterte Versuche in Folge',
    next: 'Nächster Versuch',
    renewsAt: 'Erneuert sich',
    fails: 'Erneuerung scheitert',
    renew: 'Jetzt erneuern',
    goOn: 'Erneuerung jetzt fortsetzen',
    begun: 'Die Erneuerung läuft.',
    happensSigning: [
      'Ein neuer Schlüssel wird erzeugt und ein Zertifikat für ihn bei der Stelle bestellt: Das ist die Probe der Erneuerung, die von selbst kommt, und zugleich eine.',
      'Ist sein Status gut, wird mit dem neuen signiert; das alte bleibt einen Tag und wird dann mit seinem Schlüssel gelöscht.',
    ],
    happensAuthentication: [
      'Ein neuer Schlüssel wird erzeugt, ein Zertifikat für ihn bei der Stelle bestellt und beim Register registriert: Das ist die Probe der Erneuerung, die von selbst kommt, und zugleich eine.',
      'Kann kein Server das neue mehr abweisen, wird es benutzt; das alte bleibt einen Tag, wird dann abgemeldet und mit seinem Schlüssel gelöscht.',
    ],
    states: {
      waiting: 'nicht fällig',
      ordering: 'wird bestellt',
      registering: 'wartet auf das Register',
      spreading: 'wartet, bis jeder Server das neue kennt',
      activating: 'wartet auf seinen Status',
      retiring: 'das alte wird abgeschaltet',
      grace: 'das alte wird noch aufgehoben',
      deregistering: 'das alte wird abgemeldet',
      removing: 'das alte wird gelöscht',
      done: 'erledigt',
    },
    meanings: {
      waiting: 'Das Zertifikat dient; nichts ist zu tun.',
      ordering: 'Das alte Zertifikat dient.',
      registering: 'Das alte Zertifikat dient, bis das Register das neue registriert hat.',
      spreading: 'Das alte Zertifikat dient.',
      activating: 'Das alte Zertifikat dient.',
      retiring: 'Das neue Zertifikat dient.',
      grace: 'Das neue Zertifikat dient.',
      deregistering: 'Das neue Zertifikat dient.',
      removing: 'Das neue Zertifikat dient.',
      done: 'Das neue Zertifikat dient, und das alte ist fort.',
    },
  },
};

export function renewalTextsOf({ language }: Visit): Translated<typeof english> {
  return catalogue[language];
}
