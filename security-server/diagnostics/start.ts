import { TokenError } from '../../certs/token/index.ts';
import { PortError, SettingsError } from '../../gateway/http/index.ts';
import { MessageLogError } from '../message-log/index.ts';
import type { CauseCode } from './causes/index.ts';

/** Why a server could not be started; undefined for what is not known as a cause. */
export function startCause(error: unknown): CauseCode | undefined {
  if (error instanceof PortError) return 'start-port-in-use';
  if (error instanceof SettingsError) return 'start-setting-invalid';
  if (error instanceof TokenError) {
    return error.code === 'pin-incorrect' || error.code === 'pin-locked' ? 'start-pin-wrong' : undefined;
  }
  if (error instanceof MessageLogError) {
    return error.code === 'damaged' || error.code === 'rolled-back' ? 'start-log-damaged' : undefined;
  }
  return undefined;
}
