import type { DeviceErrorCode } from './wire.ts';

/** Return values of PKCS#11 by what they mean to whoever uses the token; all others mean that it refused. */
const codes: ReadonlyMap<number, DeviceErrorCode> = new Map([
  [0x03, 'lost'], // CKR_SLOT_ID_INVALID
  [0x05, 'lost'], // CKR_GENERAL_ERROR
  [0x30, 'lost'], // CKR_DEVICE_ERROR
  [0x32, 'lost'], // CKR_DEVICE_REMOVED
  [0x60, 'lost'], // CKR_KEY_HANDLE_INVALID
  [0x82, 'lost'], // CKR_OBJECT_HANDLE_INVALID
  [0xa0, 'pin-incorrect'], // CKR_PIN_INCORRECT
  [0xa1, 'pin-incorrect'], // CKR_PIN_INVALID
  [0xa2, 'pin-incorrect'], // CKR_PIN_LEN_RANGE
  [0xa3, 'pin-locked'], // CKR_PIN_EXPIRED
  [0xa4, 'pin-locked'], // CKR_PIN_LOCKED
  [0xb0, 'lost'], // CKR_SESSION_CLOSED
  [0xb3, 'lost'], // CKR_SESSION_HANDLE_INVALID
  [0xe0, 'lost'], // CKR_TOKEN_NOT_PRESENT
  [0xe1, 'lost'], // CKR_TOKEN_NOT_RECOGNIZED
  [0x101, 'lost'], // CKR_USER_NOT_LOGGED_IN
  [0x190, 'lost'], // CKR_CRYPTOKI_NOT_INITIALIZED
]);

export const alreadyLoggedIn = 0x100;

/** @param error what pkcs11js threw */
export function deviceCode(error: unknown): DeviceErrorCode {
  return codes.get(returnValue(error) ?? -1) ?? 'refused';
}

export function returnValue(error: unknown): number | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'number' ? code : undefined;
}
