import { CertificateError } from './error.ts';

/** @param bytes DER, returned as is, or PEM text whose first block with that label is decoded */
export function pemToDer(bytes: Uint8Array, label: string): Buffer {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer[0] === 0x30) return buffer;
  const text = buffer.toString('latin1');
  const begin = `-----BEGIN ${label}-----`;
  const start = text.indexOf(begin);
  const end = text.indexOf(`-----END ${label}-----`, start);
  if (start === -1 || end === -1)
    throw new CertificateError('malformed', `neither DER nor PEM of a ${label}`);
  const base64 = text.slice(start + begin.length, end);
  if (/[^A-Za-z0-9+/=\s]/.test(base64)) throw new CertificateError('malformed', 'PEM holds more than base64');
  return Buffer.from(base64, 'base64');
}

export function toPem(der: Uint8Array, label: string): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
