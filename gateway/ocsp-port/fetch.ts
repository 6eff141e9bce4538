import { buffer } from 'node:stream/consumers';
import { Client } from 'undici';
import type { Certificate } from '../../certs/x509/index.ts';
import { Fault } from '../fault/index.ts';
import { maxAnswerBytes, maxStatuses, readStatuses } from './status-message.ts';

export interface StatusQuestion {
  /** Address of the peer that showed the certificates, as it was connected to. */
  readonly host: string;
  readonly port: number;
  /** In the order in which the responses are wanted. */
  readonly certificates: readonly Certificate[];
  /** Default 20,000. */
  readonly connectTimeoutMs?: number;
  /** Until the answer begins, and between its bytes; default 30,000. The whole takes no longer than both. */
  readonly readTimeoutMs?: number;
}

/**
 * Asks a peer for the statuses of its certificates: all in one request.
 * @returns DER, one per certificate, in their order; not verified
 * @throws Fault NetworkError, HttpError, InvalidContentType, MimeParsingFailed, IncorrectValidationInfo
 * @see X-Road 7 message transport, OCSP responses
 */
export async function fetchStatuses(question: StatusQuestion): Promise<Buffer[]> {
  const { host, port, certificates, connectTimeoutMs = 20_000, readTimeoutMs = 30_000 } = question;
  if (certificates.length > maxStatuses) {
    throw new Fault('IncorrectValidationInfo', `A peer may show at most ${maxStatuses} certificates`);
  }
  const client = new Client(`http://${host.includes(':') ? `[${host}]` : host}:${port}`, {
    connectTimeout: connectTimeoutMs,
    headersTimeout: readTimeoutMs,
    bodyTimeout: readTimeoutMs,
    maxHeaderSize: 16 * 1024,
    maxResponseSize: maxAnswerBytes,
  });
  const where = `OCSP port of the security server at ${host}:${port}`;
  try {
    const response = await client.request({
      method: 'GET',
      path: pathOf(certificates),
      // A peer that sends a byte now and then would keep us for ever.
      signal: AbortSignal.timeout(connectTimeoutMs + readTimeoutMs),
    });
    const { statusCode, headers } = response;
    const bytes = await buffer(response.body);
    if (!(statusCode >= 200 && statusCode <= 208) && statusCode !== 226) {
      throw new Fault('HttpError', `The ${where} answered with HTTP status ${statusCode}`);
    }
    const responses = readStatuses(String(headers['content-type'] ?? ''), bytes);
    if (responses.length !== certificates.length) {
      const message = `The ${where} gave ${responses.length} statuses of ${certificates.length} certificates`;
      throw new Fault('IncorrectValidationInfo', message);
    }
    return responses;
  } catch (error) {
    if (error instanceof Fault) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Fault('NetworkError', `The ${where} did not answer: ${reason}`, { cause: error });
  } finally {
    await client.destroy();
  }
}

/** Names each certificate twice: Java servers go by SHA-1. */
function pathOf(certificates: readonly Certificate[]): string {
  const names = [
    ...certificates.map(({ sha1 }) => `cert=${sha1.toString('hex')}`),
    ...certificates.map(({ sha256 }) => `cert_hash=${sha256.toString('hex')}`),
  ];
  return `/?${names.join('&')}`;
}
