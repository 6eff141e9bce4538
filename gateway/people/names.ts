import { Problem } from '../http/index.ts';

const form = /^[a-z0-9][a-z0-9._@+-]{0,63}$/;

/**
 * Names of people are plain: what is shown in a list or a log is what it is, and no two look alike. Capitals are taken
 * for small letters.
 * @throws Problem 422 name-unfit
 */
export function checkName(name: string): string {
  const folded = foldName(name);
  if (folded !== undefined) return folded;
  const detail =
    'A name has at most 64 small letters a–z, digits, and `.`, `_`, `@`, `+`, `-`, and begins with a letter or digit';
  throw new Problem(422, 'name-unfit', detail);
}

/** @returns undefined for what can be nobody's name */
export function foldName(name: string): string | undefined {
  if (name.length > 64) return undefined;
  const folded = name.toLowerCase();
  return form.test(folded) ? folded : undefined;
}
