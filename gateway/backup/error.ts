export type BackupErrorCode =
  | 'not-empty'
  | 'not-a-backup'
  | 'wrong-key'
  | 'wrong-program'
  | 'later-release'
  | 'hostile'
  | 'damaged'
  | 'private-key'
  | 'no-recipients'
  | 'no-room'
  | 'too-many'
  | 'busy'
  | 'unknown'
  | 'stopped';

/** Why a backup is not made or not restored, with what to do about it. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  readonly code: BackupErrorCode;

  constructor(code: BackupErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
