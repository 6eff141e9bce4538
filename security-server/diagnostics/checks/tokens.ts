import type { KnownToken } from '../../tokens/index.ts';
import type { CauseCode } from '../causes/index.ts';
import type { Found } from '../found.ts';

/** Whether each token is there and signed in to, and why not. */
export async function checkTokens(tokens: readonly KnownToken[]): Promise<Found[]> {
  const found = await Promise.all(tokens.map(checkToken));
  return found.flat();
}

async function checkToken(known: KnownToken): Promise<Found[]> {
  const { token, name: subject, trouble } = known;
  if (token?.isActive() === true) return [];
  const lockedUntil = await token?.pinLockedUntil?.();
  if (lockedUntil !== undefined) {
    return [{ code: 'token-pin-locked', subject, detail: `until ${lockedUntil.toISOString()}` }];
  }
  const detail = trouble !== undefined && { detail: trouble };
  return [{ code: codeOf(known), subject, ...detail }];
}

function codeOf({ token, isAway, pin, troubleCode }: KnownToken): CauseCode {
  const isModuleMissing = token === undefined && troubleCode === 'device-refused';
  if (isModuleMissing) return 'token-module-missing';
  if (isAway || troubleCode === 'device-lost') return 'token-device-away';
  if (pin === 'locked-by-device' || pin === 'locked-here') return 'token-pin-locked';
  if (troubleCode === 'pin-incorrect' || troubleCode === 'pin-file') return 'token-pin-wrong';
  return 'token-signed-out';
}
