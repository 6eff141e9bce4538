import { CertificateError, parseCertificate } from '../../certs/x509/index.ts';
import { isLine } from '../../gateway/http/index.ts';
import { checkCreatable, IdentifierError } from '../../gateway/identifier/index.ts';
import { RegisterError } from './error.ts';

/** Checks of single values before they enter the register: what is in it can be published as it is. */

/** @throws RegisterError invalid */
export function checkCode(code: string): void {
  try {
    checkCreatable(code);
  } catch (error) {
    if (!(error instanceof IdentifierError)) throw error;
    throw new RegisterError('invalid', error.message, { cause: error });
  }
}

/** Names and descriptions for people: one line that XML can carry. @throws RegisterError invalid */
export function checkName(text: string, what: string): void {
  // What is no line could not be written as XML, which would stop every publication.
  if (text.trim() === '' || text.length > 255 || !isLine(text)) {
    throw new RegisterError('invalid', `${what}: 1 to 255 printable characters are expected`);
  }
}

/** @throws RegisterError invalid */
export function checkUrl(text: string, what: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new RegisterError('invalid', `${what}: '${text}' is not an http or https URL without credentials`);
  }
}

/** A host name or IP address alone, without scheme and port. @throws RegisterError invalid */
export function checkAddress(text: string): void {
  const isName = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/.test(text);
  const isIpv6 = /^[0-9a-fA-F:.]+$/.test(text) && text.includes(':') && URL.canParse(`http://[${text}]`);
  if (!isName && !isIpv6) {
    throw new RegisterError('invalid', `'${text}' is not an address: a host name or IP address is expected`);
  }
}

/**
 * @param bytes DER or PEM
 * @returns DER and the hex SHA-256 by which the register finds it
 * @throws RegisterError invalid
 */
export function readCertificate(bytes: Uint8Array, what: string): { der: Buffer; sha256: string } {
  try {
    const { der, sha256 } = parseCertificate(bytes);
    return { der, sha256: sha256.toString('hex') };
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new RegisterError('invalid', `${what}: ${error.message}`, { cause: error });
  }
}
