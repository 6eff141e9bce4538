import type { Step } from '../../verdict.ts';

/** What each step looks at, in a few words for who has read nothing. */
const titles: ReadonlyMap<string, string> = new Map([
  ['bundle', 'The file is whole'],
  ['checkpoint-signature', 'The log stands by its records'],
  ['consistency', 'The log has not changed its past'],
  ['configuration', 'Judged by the rules of that time'],
  ['inclusion', 'The record is in the log'],
  ['commitments', 'The message is the one recorded'],
  ['container', 'The message is here'],
  ['container-signature', 'Who signed it'],
  ['facts-agree', 'The record agrees with the message'],
  ['checkpoint-timestamp', 'An authority confirms the time'],
  ['exchange', 'Question and answer belong together'],
  ['sequence', 'No record is missing'],
  ['erasure', 'What was erased'],
  ['facts', 'The record can be read'],
  ['scope', 'The record belongs to what was asked for'],
  ['witness', 'Whose timestamps counted'],
  ['tally', 'How many records there should be'],
  ['linking', 'The archive is complete'],
  ['contents', 'Nothing was taken out since the export'],
]);

export function titleOf({ id }: Step): string {
  return titles.get(id) ?? id;
}

/** A state as an icon and a word, so that no one needs to see its colour. */
export const states = {
  good: { icon: '\u2713', word: 'Passed' },
  bad: { icon: '\u2717', word: 'Failed' },
  absent: { icon: '\u2013', word: 'Not there' },
} as const;

/** `1 March 2026, 10:00:00 UTC`; what is no instant stays as it is. */
export function instantText(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const day = { day: 'numeric', month: 'long', year: 'numeric' } as const;
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  return `${new Intl.DateTimeFormat('en-GB', { ...day, ...time, timeZone: 'UTC' }).format(at)} UTC`;
}

/** `DEV/COM/111/permits` of an encoded identifier. */
export function partyText(encoded: string): string {
  try {
    return encoded.split(':').map(decodeURIComponent).join('/');
  } catch (error) {
    if (error instanceof URIError) return encoded;
    throw error;
  }
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`;
}

export function sizeText(octets: number): string {
  if (octets < 10_000) return plural(octets, 'byte');
  const units = ['kB', 'MB', 'GB'];
  const power = Math.min(Math.floor(Math.log10(octets) / 3), units.length);
  return `${(octets / 1000 ** power).toLocaleString('en-GB', { maximumFractionDigits: 1 })} ${units[power - 1]}`;
}

/** What an HTTP status says to people. */
export function statusText(status: number): string {
  if (status < 400) return `status ${status}: success`;
  return status < 500 ? `status ${status}: refused` : `status ${status}: failed`;
}
