import { createHash } from 'node:crypto';
import { type Expiry, expiryWords } from '../expiries/index.ts';
import { daysUntil } from './due.ts';

/** That a certificate has reached a threshold. */
export interface Notice {
  /** The same however often it is sent. */
  readonly id: string;
  /** The threshold. */
  readonly days: number;
  readonly expiry: Expiry;
}

/** What is said of some certificates at once, in one language. */
export interface Message {
  /** The same for the same notices, so that one that was sent again can be told. */
  readonly id: string;
  readonly subject: string;
  readonly text: string;
}

export type Language = 'en' | 'de';

export function noticeId(expiryId: string, days: number): string {
  return digest(`${expiryId} ${days}`);
}

/** @param server identifier of this server, encoded */
export function writeMessage(
  notices: readonly Notice[],
  server: string,
  language: Language,
  now: Date,
): Message {
  const w = words[language];
  const soonest = Math.min(...notices.map(({ expiry }) => daysUntil(expiry.notAfter, now)));
  return {
    id: digest(notices.map(({ id }) => id).join(' ')),
    subject: plain(w.subject(notices.length, soonest, server)),
    text: [
      w.opening(plain(server)),
      ...notices.map(({ expiry }) => paragraph(expiry, language, now)),
      w.closing,
      '',
    ].join('\n\n'),
  };
}

export function testMessage(server: string, language: Language): Message {
  const w = words[language];
  const text = `${w.test(plain(server))}\n`;
  return { id: digest(`test ${server} ${Math.random()}`), subject: plain(w.testSubject(server)), text };
}

function paragraph(expiry: Expiry, language: Language, now: Date): string {
  const { kind, owner, subject, issuer, notAfter, sha256, renewalTrouble, renewsAt } = expiry;
  const w = words[language];
  const { name, stops, remedy } = expiryWords[kind];
  const days = daysUntil(notAfter, now);
  const lines = [
    `${name[language]}${owner === '' ? '' : `: ${owner}`}`,
    `  ${w.ends(notAfter.toISOString(), days)}`,
    `  ${stops[language]}`,
    `  ${remedy[language]}`,
    ...(renewsAt === undefined ? [] : [`  ${w.late(renewalTrouble)}`]),
    `  ${w.subjectIs} ${subject}`,
    `  ${w.issuerIs} ${issuer}`,
    `  SHA-256 ${sha256}`,
  ];
  return lines.map(plain).join('\n');
}

/** Names come from certificates of others: they end no line, and turn no direction of writing. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').slice(0, 1_000);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

const words = {
  en: {
    subject: (count: number, days: number, server: string) =>
      `${count === 1 ? 'A certificate' : `${count} certificates`} ${
        days < 0 ? 'ended' : `${count === 1 ? 'ends' : 'end'} in ${days} ${days === 1 ? 'day' : 'days'}`
      }: ${server}`,
    opening: (server: string) => `The security server ${server} depends on what ends soon:`,
    ends: (at: string, days: number) =>
      days < 0 ? `Ended at ${at}.` : `Ends at ${at}, in ${days} ${days === 1 ? 'day' : 'days'}.`,
    late: (trouble: string | undefined) =>
      trouble === undefined
        ? 'It renews itself, and is late.'
        : `It renews itself, and the last attempt failed: ${trouble}`,
    subjectIs: 'Subject',
    issuerIs: 'Issuer',
    closing: 'You are told 60, 30, 7 and 1 days before, until it is replaced. The console lists all of it.',
    testSubject: (server: string) => `Test message: ${server}`,
    test: (server: string) =>
      `This is a test message of the security server ${server}. Notices of certificates that end reach you here.`,
  },
  de: {
    subject: (count: number, days: number, server: string) =>
      `${count === 1 ? 'Ein Zertifikat' : `${count} Zertifikate`} ${
        days < 0
          ? 'abgelaufen'
          : `${count === 1 ? 'läuft' : 'laufen'} in ${days} ${days === 1 ? 'Tag' : 'Tagen'} ab`
      }: ${server}`,
    opening: (server: string) => `Der Sicherheitsserver ${server} hängt von dem ab, was bald endet:`,
    ends: (at: string, days: number) =>
      days < 0 ? `Endete am ${at}.` : `Endet am ${at}, in ${days} ${days === 1 ? 'Tag' : 'Tagen'}.`,
    late: (trouble: string | undefined) =>
      trouble === undefined
        ? 'Es erneuert sich selbst und ist verspätet.'
        : `Es erneuert sich selbst, und der letzte Versuch schlug fehl: ${trouble}`,
    subjectIs: 'Inhaber',
    issuerIs: 'Aussteller',
    closing: 'Sie hören davon 60, 30, 7 und 1 Tage vorher, bis es ersetzt ist. Die Konsole führt alles auf.',
    testSubject: (server: string) => `Testnachricht: ${server}`,
    test: (server: string) =>
      `Dies ist eine Testnachricht des Sicherheitsservers ${server}. Hinweise auf ablaufende Zertifikate erreichen Sie hier.`,
  },
} as const;
