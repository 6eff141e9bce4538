import {
  decodeSegment,
  type GlobalGroupId,
  IdentifierError,
  parseEncodedClient,
  printEncoded,
} from '../../gateway/identifier/index.ts';
import type { LocalGroupSubject, Subject } from './model.ts';

/** `SUBSYSTEM:DEV:GOV:1:sub`, `GLOBALGROUP:DEV:owners` or `LOCALGROUP:friends`. */
export function printSubject(subject: Subject): string {
  return `${subject.kind}:${printEncoded(subject)}`;
}

/**
 * Reads what `printSubject` writes; a client may come without its kind.
 * @throws IdentifierError
 */
export function parseSubject(text: string): Subject {
  const [kind, ...fields] = text.split(':');
  if (kind !== 'GLOBALGROUP' && kind !== 'LOCALGROUP') return parseEncodedClient(text);
  const [first = '', second] = fields.map(decodeSegment);
  const isGlobal = kind === 'GLOBALGROUP';
  if (first === '' || fields.length !== (isGlobal ? 2 : 1)) {
    throw new IdentifierError(
      `'${text}' is not a group: GLOBALGROUP:instance:code or LOCALGROUP:code is expected`,
    );
  }
  const group: GlobalGroupId | LocalGroupSubject = isGlobal
    ? { kind, instance: first, groupCode: second ?? '' }
    : { kind: 'LOCALGROUP', groupCode: first };
  return group;
}
