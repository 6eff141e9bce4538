import { request } from 'undici';
import { AcmeProblem } from './problem.ts';

const timeoutMs = 10_000;
const maxBytes = 1_024;

/**
 * Looks at an address for what only its holder can have put there. Redirects are not followed.
 * @param port 80, unless in a network of its own
 * @throws AcmeProblem connection, unauthorized
 * @see RFC 8555 §8.3
 */
export async function verifyAddress(
  host: string,
  port: number,
  token: string,
  keyAuthorization: string,
): Promise<void> {
  const authority = host.includes(':') ? `[${host}]` : host;
  let status: number;
  let text = '';
  try {
    const response = await request(`http://${authority}:${port}/.well-known/acme-challenge/${token}`, {
      signal: AbortSignal.timeout(timeoutMs),
    });
    status = response.statusCode;
    for await (const chunk of response.body) {
      text += String(chunk);
      if (text.length > maxBytes) break;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AcmeProblem('connection', `${host} port ${port}: ${reason}`);
  }
  if (status === 200 && text.trimEnd() === keyAuthorization) return;
  throw new AcmeProblem('unauthorized', `${host} port ${port} answers something else (${status})`, 403);
}
