import type { Catalogue, Translated, Visit } from '../../../gateway/console/index.ts';

const english = {
  tokens: 'Tokens',
  lead: 'Where the keys of this server lie: in its own folder, and in devices. A token signs once its PIN was entered.',
  none: 'There is no token.',
  nothingWaits: 'Every token is signed in.',
  software: 'Software token',
  device: 'Device',
  name: 'Name',
  kind: 'Kind',
  keys: 'Keys',
  signing: 'Signatures',
  trouble: 'Trouble',
  softwareLead: 'In the data folder. It seals what is kept, and authenticates the server.',
  deviceLead: 'Behind a PKCS#11 module. It signs messages of members.',
  states: {
    'signed-in': 'signed in',
    'signed-out': 'waits for its PIN',
    away: 'not there',
    'locked-here': 'takes no PIN until one more is allowed',
    'locked-by-device': 'locked by the device',
  } as Readonly<Record<string, string>>,
  meanings: {
    'signed-in': 'Its keys can be used.',
    'signed-out': 'Members whose keys it has cannot sign, until somebody enters the PIN.',
    away: 'Its device does not answer. It is looked for every few seconds, and goes on by itself when it is back; meanwhile members whose keys it has cannot sign.',
    'locked-here':
      'Wrong PINs were entered. Many devices lock themselves at the third, so nothing more is sent to it.',
    'locked-by-device': 'The device takes no PIN any more. Its maker says how it is opened.',
  } as Readonly<Record<string, string>>,
  acts: {
    'signed-out': 'Enter the PIN',
    away: 'See what is wrong',
    'locked-here': 'See what to do',
    'locked-by-device': 'See what is wrong',
  } as Readonly<Record<string, string>>,
  modes: {
    single: 'One for each message',
    batch: 'One for all messages that wait',
    automatic: 'Together when the token is slow',
  } as Readonly<Record<string, string>>,
  signIn: 'Sign in',
  signInLead:
    'The PIN is kept nowhere but in memory. Whatever enters it when the server starts is said in its settings.',
  pin: 'PIN',
  signedIn: 'The token is signed in.',
  signOut: 'Sign out',
  signedOut: 'The token is signed out.',
  signOutHappens: [
    'Nothing can be signed with the keys of this token until somebody enters its PIN.',
    'Exchanges of the members whose keys it has end at once.',
  ],
  signOutSoftware: 'The server cannot authenticate itself to others, and keeps nothing: all exchanges end.',
  changePin: 'Change the PIN',
  currentPin: 'PIN now',
  newPin: 'New PIN',
  newPinHint:
    'At least ten characters of three kinds (small letters, capitals, digits, others), or at least twenty. Whatever enters it when the server starts has to know it.',
  deviceHint: 'What it has to be the device says. Whatever enters it when the server starts has to know it.',
  newPinAgain: 'New PIN, once more',
  notTheSame: 'The two are not the same',
  pinChanged: 'The PIN was changed.',
  problems: {
    'pin-incorrect': 'The PIN is not right.',
    'pin-locked': 'The PIN was not looked at: too many were wrong. The page of the token says what to do.',
    'pin-last-try': 'The PIN was not sent: the device takes one more, and locks itself when that is wrong.',
    'device-lost': 'The device does not answer.',
    'already-active': 'It is signed in already; the PIN was not looked at.',
  } as Readonly<Record<string, string>>,
  signingLead: 'A slow device signs many messages with one signature. It serves from the next message on.',
  newKey: 'New key',
  noKeys: 'It has no keys.',
  noKeysShown: 'A device shows its keys while it is signed in.',
  allow: 'Allow one more PIN',
  allowHappens: [
    'The next PIN that somebody enters is sent to the device.',
    'When it is wrong, the device may lock itself, and its keys may be lost for ever. Look the PIN up first.',
  ],
  allowed: 'One more PIN can be entered.',
  label: 'Label',
  identifier: 'Identifier',
} as const;

const catalogue: Catalogue<typeof english> = {
  en: english,
  de: {
    tokens: 'Tokens',
    lead: 'Wo die Schlüssel dieses Servers liegen: in seinem eigenen Ordner und in Geräten. Ein Token signiert, sobald seine PIN eingegeben wurde.',
    none: 'Es gibt kein Token.',
    nothingWaits: 'Jedes Token ist angemeldet.',
    software: 'Software-Token',
    device: 'Gerät',
    name: 'Name',
    kind: 'Art',
    keys: 'Schlüssel',
    signing: 'Signaturen',
    trouble: 'Störung',
    softwareLead: 'Im Datenordner. Es versiegelt, was aufbewahrt wird, und authentisiert den Server.',
    deviceLead: 'Hinter einem PKCS#11-Modul. Es signiert Nachrichten von Mitgliedern.',
    states: {
      'signed-in': 'angemeldet',
      'signed-out': 'wartet auf die PIN',
      away: 'nicht da',
      'locked-here': 'nimmt keine PIN, bis eine weitere erlaubt ist',
      'locked-by-device': 'vom Gerät gesperrt',
    },
    meanings: {
      'signed-in': 'Seine Schlüssel können benutzt werden.',
      'signed-out': 'Mitglieder, deren Schlüssel es hat, können nicht signieren, bis jemand die PIN eingibt.',
      away: 'Das Gerät antwortet nicht. Es wird alle paar Sekunden gesucht und arbeitet von selbst weiter, wenn es wieder da ist; solange können Mitglieder, deren Schlüssel es hat, nicht signieren.',
      'locked-here':
        'Es wurden falsche PINs eingegeben. Viele Geräte sperren sich bei der dritten, darum wird ihm keine mehr geschickt.',
      'locked-by-device': 'Das Gerät nimmt keine PIN mehr. Sein Hersteller sagt, wie man es öffnet.',
    },
    acts: {
      'signed-out': 'PIN eingeben',
      away: 'Ansehen, was fehlt',
      'locked-here': 'Ansehen, was zu tun ist',
      'locked-by-device': 'Ansehen, was fehlt',
    },
    modes: {
      single: 'Eine je Nachricht',
      batch: 'Eine für alle Nachrichten, die warten',
      automatic: 'Gemeinsam, wenn das Token langsam ist',
    },
    signIn: 'Anmelden',
    signInLead:
      'Die PIN wird nur im Arbeitsspeicher behalten. Was sie beim Start des Servers eingibt, sagen dessen Einstellungen.',
    pin: 'PIN',
    signedIn: 'Das Token ist angemeldet.',
    signOut: 'Abmelden',
    signedOut: 'Das Token ist abgemeldet.',
    signOutHappens: [
      'Mit den Schlüsseln dieses Tokens kann nichts signiert werden, bis jemand seine PIN eingibt.',
      'Der Austausch der Mitglieder, deren Schlüssel es hat, endet sofort.',
    ],
    signOutSoftware:
      'Der Server kann sich anderen gegenüber nicht authentisieren und bewahrt nichts auf: jeder Austausch endet.',
    changePin: 'PIN ändern',
    currentPin: 'PIN jetzt',
    newPin: 'Neue PIN',
    newPinHint:
      'Mindestens zehn Zeichen aus drei Arten (kleine Buchstaben, große, Ziffern, andere), oder mindestens zwanzig. Was sie beim Start des Servers eingibt, muss sie kennen.',
    deviceHint: 'Wie sie sein muss, sagt das Gerät. Was sie beim Start des Servers eingibt, muss sie kennen.',
    newPinAgain: 'Neue PIN, noch einmal',
    notTheSame: 'Die beiden sind nicht gleich',
    pinChanged: 'Die PIN wurde geändert.',
    problems: {
      'pin-incorrect': 'Die PIN ist nicht richtig.',
      'pin-locked':
        'Die PIN wurde nicht geprüft: zu viele waren falsch. Die Seite des Tokens sagt, was zu tun ist.',
      'pin-last-try':
        'Die PIN wurde nicht gesendet: das Gerät nimmt noch eine und sperrt sich, wenn sie falsch ist.',
      'device-lost': 'Das Gerät antwortet nicht.',
      'already-active': 'Es ist schon angemeldet; die PIN wurde nicht geprüft.',
    },
    signingLead:
      'Ein langsames Gerät signiert viele Nachrichten mit einer Signatur. Gilt ab der nächsten Nachricht.',
    newKey: 'Neuer Schlüssel',
    noKeys: 'Es hat keine Schlüssel.',
    noKeysShown: 'Ein Gerät zeigt seine Schlüssel, solange es angemeldet ist.',
    allow: 'Eine weitere PIN erlauben',
    allowHappens: [
      'Die nächste PIN, die jemand eingibt, wird an das Gerät geschickt.',
      'Ist sie falsch, sperrt sich das Gerät vielleicht, und seine Schlüssel sind vielleicht für immer verloren. Schlagen Sie die PIN zuerst nach.',
    ],
    allowed: 'Eine weitere PIN kann eingegeben werden.',
    label: 'Bezeichnung',
    identifier: 'Kennung',
  },
};

export function textsOf({ language }: Visit): Translated<typeof english> {
  return catalogue[language];
}
