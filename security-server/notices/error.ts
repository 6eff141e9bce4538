/** Why a notice could not be delivered. */
export type NoticeErrorCode =
  /** Nothing is set for this way. */
  | 'not-set'
  | 'token-signed-out'
  /** It was sealed by another token, or changed. */
  | 'secret-damaged'
  | 'name-not-found'
  | 'connection-refused'
  | 'timeout'
  | 'tls-not-offered'
  | 'certificate-not-trusted'
  | 'sign-in-refused'
  | 'sender-refused'
  | 'recipient-refused'
  | 'message-refused'
  | 'not-taken'
  | 'connection-failed';

export class NoticeError extends Error {
  override readonly name = 'NoticeError';
  readonly code: NoticeErrorCode;
  readonly remedy: string;

  constructor(code: NoticeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.remedy = remedies[code];
  }
}

const remedies: Readonly<Record<NoticeErrorCode, string>> = {
  'not-set': 'set it first',
  'token-signed-out': 'enter the PIN of the token: it seals the password and the secret',
  'secret-damaged': 'give the password, or the secret, anew',
  'name-not-found': 'check the host name, and the name service of this machine',
  'connection-refused': 'check host and port, and that a firewall lets this machine through',
  timeout: 'check host and port, and that a firewall lets this machine through',
  'tls-not-offered': 'use the port and the kind of TLS that the mail server offers',
  'certificate-not-trusted':
    'give the certificate of the authority that vouches for the receiver, and name the receiver as its certificate does',
  'sign-in-refused': 'check the user and the password of the mail server',
  'sender-refused': 'give a sender that the mail server sends for',
  'recipient-refused': 'check the address, or ask whoever runs the mail server',
  'message-refused': 'ask whoever runs the mail server, with what it answered',
  'not-taken': 'see what the receiver says of it, and that it knows the secret',
  'connection-failed': 'see what was said, and check host, port and TLS',
};

/** For errors of sockets, TLS and names; those of SMTP are told apart before. */
export function explainConnection(cause: unknown, to: string): NoticeError {
  if (cause instanceof NoticeError) return cause;
  const { code, message } = innermost(cause);
  return new NoticeError(kindOf(code, message), `${to}: ${message}`.slice(0, 500), { cause });
}

interface Told {
  readonly code: string;
  readonly message: string;
}

/** What happened below is told by a cause, if at all. */
function innermost(error: unknown): Told {
  const { cause } = error as { readonly cause?: unknown };
  if (cause instanceof Error) return innermost(cause);
  const { code } = error as { readonly code?: unknown };
  return {
    code: typeof code === 'string' ? code : '',
    message: error instanceof Error ? error.message : String(error),
  };
}

function kindOf(code: string, message: string): NoticeErrorCode {
  if (/ENOTFOUND|EAI_AGAIN|EDNS/.test(code)) return 'name-not-found';
  if (/ECONNREFUSED|EHOSTUNREACH|ENETUNREACH/.test(`${code} ${message}`)) return 'connection-refused';
  if (/TIMEOUT|TIMEDOUT/i.test(code) || /time(d )?-?out/i.test(message)) return 'timeout';
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code) || /certificate|altname/i.test(message)) {
    return 'certificate-not-trusted';
  }
  return 'connection-failed';
}
