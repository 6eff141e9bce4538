import { createTransport } from 'nodemailer';
import { explainConnection, NoticeError } from './error.ts';
import type { Message } from './message.ts';
import type { KeptSettings } from './settings.ts';

type MailSettings = NonNullable<KeptSettings['mail']>;

const timeoutMs = 15_000;

interface SmtpError {
  readonly code?: string;
  /** At which it failed: `MAIL FROM`, `RCPT TO`, `DATA`. */
  readonly command?: string;
  readonly responseCode?: number;
  readonly response?: string;
}

/**
 * Sends one message to one mail box.
 * @throws NoticeError when the mail server did not take it
 */
export async function sendMail(
  settings: MailSettings,
  password: string | undefined,
  recipient: string,
  { id, subject, text }: Message,
): Promise<void> {
  const { host, port, security, user, sender, certificates } = settings;
  const transport = createTransport({
    ...{ host, port, secure: security === 'tls' },
    ...{ requireTLS: security === 'starttls', ignoreTLS: security === 'none' },
    tls: { minVersion: 'TLSv1.2', ...(certificates.length > 0 && { ca: [...certificates] }) },
    ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
    ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
    ...{ dnsTimeout: timeoutMs, disableFileAccess: true, disableUrlAccess: true },
  });
  try {
    await transport.sendMail({
      from: { name: 'Waygate', address: sender },
      to: { name: '', address: recipient },
      envelope: { from: sender, to: [recipient] },
      messageId: `<${id}@${sender.slice(sender.lastIndexOf('@') + 1)}>`,
      ...{ subject, text, disableFileAccess: true, disableUrlAccess: true },
      // Nobody answers by a machine, and none to it. RFC 3834 §5.
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
  } catch (cause) {
    throw explain(cause, `${host}:${port}`, security);
  } finally {
    transport.close();
  }
}

function explain(cause: unknown, server: string, security: MailSettings['security']): NoticeError {
  const { code, command, responseCode, response } = cause as SmtpError;
  const said = (response ?? (cause instanceof Error ? cause.message : String(cause))).slice(0, 500);
  const refused = (kind: NoticeError['code'], what: string) =>
    new NoticeError(kind, `The mail server ${server} ${what}: ${said}`, { cause });
  if (code === 'EAUTH' || responseCode === 535)
    return refused('sign-in-refused', 'refused user and password');
  if (code === 'ETLS' || (security === 'starttls' && command === 'STARTTLS')) {
    const asked = explainConnection(cause, server);
    if (asked.code === 'certificate-not-trusted') return asked;
    return refused('tls-not-offered', 'did not begin TLS');
  }
  if (command === 'MAIL FROM') return refused('sender-refused', 'refused the sender');
  if (code === 'EENVELOPE') return refused('recipient-refused', 'refused the recipient');
  if (responseCode !== undefined) return refused('message-refused', 'refused the message');
  return explainConnection(cause, `The mail server ${server}`);
}
