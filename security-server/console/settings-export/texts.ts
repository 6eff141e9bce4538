import type { Catalogue, Translated, Visit } from '../../../gateway/console/index.ts';

const english = {
  title: 'Settings as a file',
  lead: 'All settings of this server in one document, to read, to keep and to compare.',
  holds: 'What it holds',
  parts: [
    'Clients, with their services, endpoints, access rights, limits, descriptions and local groups.',
    'The certificates of the server, without keys, and of information systems.',
    'How long contents of messages are kept, when backups are made, and who is told of what ends.',
  ],
  lacks: 'It holds no keys, PINs, passwords or secrets, no people, and not the text of descriptions.',
  download: 'Download (JSON)',
  compare: 'Compare',
  compareLead:
    'Everything stands in a fixed order, and no time of export is in it: two files differ by what was changed between them.',
  command: 'Command',
  restore: 'Restore',
  restoreLead: 'This file is not taken in again. What is restored is a backup, which has the keys as well.',
} as const;

const catalogue: Catalogue<typeof english> = {
  en: english,
  de: {
    title: 'Einstellungen als Datei',
    lead: 'Alle Einstellungen dieses Servers in einem Dokument, zum Lesen, Aufheben und Vergleichen.',
    holds: 'Was darin steht',
    parts: [
      'Clients mit ihren Diensten, Endpunkten, Zugriffsrechten, Grenzen, Beschreibungen und lokalen Gruppen.',
      'Die Zertifikate des Servers, ohne Schlüssel, und die der Informationssysteme.',
      'Wie lange Inhalte von Nachrichten aufgehoben werden, wann gesichert wird, und wer von dem hört, was endet.',
    ],
    lacks:
      'Schlüssel, PINs, Passwörter und Geheimnisse stehen nicht darin, auch keine Menschen und nicht der Text von Beschreibungen.',
    download: 'Herunterladen (JSON)',
    compare: 'Vergleichen',
    compareLead:
      'Alles steht in fester Reihenfolge, und keine Zeit des Exports: Zwei Dateien unterscheiden sich darin, was dazwischen geändert wurde.',
    command: 'Befehl',
    restore: 'Wiederherstellen',
    restoreLead:
      'Diese Datei wird nicht wieder eingelesen. Wiederhergestellt wird eine Sicherung, die auch die Schlüssel hat.',
  },
};

export function textsOf({ language }: Visit): Translated<typeof english> {
  return catalogue[language];
}
