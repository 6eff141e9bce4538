import type { KnownToken } from '../../tokens/index.ts';
import type { CauseCode } from '../causes/index.ts';
import type { Found } from '../found.ts';

/** Whether each token is there and signed in to, and why not. */
export async function checkTokens(tokens: readonly KnownToken[]): Promise<Found[]> {
  const found = await Promise.all(tokens.map(checkToken));
  return found.flat();
}

async function checkToken(known: KnownToken): Promise<Found[]> {
  const { token, name: subject, trouble, troubleCode } = known;
  if (token?.isActive() === true) return [];
  const lockedUntil = await token?.pinLockedUntil?.();
  if (lockedUntil !== undefined) {
    return [{ code: 'token-pin-locked', subject, detail: `until ${lockedUntil.toISOString()}` }];
  }
  const detail = trouble !== undefined && { detail: trouble };
  return [{ code: codeOf(token !== undefined, troubleCode), subject, ...detail }];
}

function codeOf(isThere: boolean, trouble: KnownToken['troubleCode']): CauseCode {
  if (!isThere) return trouble === 'device-refused' ? 'token-module-missing' : 'token-device-away';
  if (trouble === 'device-lost') return 'token-device-away';
  if (trouble === 'pin-locked') return 'token-pin-locked';
  if (trouble === 'pin-incorrect' || trouble === 'pin-file') return 'token-pin-wrong';
  return 'token-signed-out';
}
