import { Fault } from '../fault/index.ts';

/**
 * The service path on which access is judged: the raw path, percent-decoded once. The service is called with
 * the raw path, so a path that some server could read in a second way is refused: otherwise a right on one
 * resource would open another.
 * @param raw '' or a path that begins with `/`, still encoded
 * @returns '' when there is no service path
 * @throws Fault InternalError
 * @see X-Road security architecture, service endpoints
 */
export function normaliseServicePath(raw: string): string {
  if (raw === '') return '';
  if (!raw.startsWith('/')) refuse('must begin with a slash');
  if (/[\\?#;]/.test(raw)) refuse("must not hold a backslash, '?', '#' or ';'");
  const segments = raw.slice(1).split('/').map(decodeOnce);
  segments.forEach((segment, index) => {
    // A slash at the end is a path of its own; elsewhere servers disagree on what nothing between two means.
    if (segment === '' && index < segments.length - 1) refuse('must not hold an empty segment');
    if (segment === '.' || segment === '..') refuse("must not hold '.' or '..' segments, encoded or not");
    if (/[/\\?#;]/.test(segment)) refuse("must not hold an encoded '/', '\\', '?', '#' or ';'");
    if (/\p{Cc}/u.test(segment)) refuse('must not hold control characters');
    if (/%[0-9A-Fa-f]{2}/.test(segment)) refuse('must not be encoded twice');
  });
  return `/${segments.join('/')}`;
}

function decodeOnce(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    refuse('holds a malformed escape');
  }
}

function refuse(reason: string): never {
  throw new Fault('InternalError', `The service path ${reason}`);
}
