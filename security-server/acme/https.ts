import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { AcmeError, messageOf, printable } from './error.ts';
import { readRetryAfter } from './retry-after.ts';

/** An answer that came whole and within its bounds. */
export interface AcmeAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly retryAfterMs: number | undefined;
}

export interface AcmeRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  /** A JWS, as JSON. */
  readonly body?: string;
  readonly accept?: string;
}

/** Speaks to ACME servers: over verified HTTPS alone, each answer bounded in size and in time. */
export interface AcmeHttps {
  /** @throws AcmeError unreachable, malformed */
  send(url: string, asked: AcmeRequest): Promise<AcmeAnswer>;
  close(): Promise<void>;
}

const maxAnswerBytes = 256 * 1024;
const maxUrlLength = 2_048;
const userAgent = 'waygate-acme';

export interface AcmeHttpsOptions {
  /** PEM certificates trusted instead of those of public authorities: for an ACME server of a private one. */
  readonly trustFile?: string;
  /** For one answer; 30 seconds unless told. */
  readonly timeoutMs?: number;
  /** Breaks off what is asked. */
  readonly signal?: AbortSignal;
  readonly now: () => Date;
}

/** @throws AcmeError not-set-up when the file cannot be read */
export async function openHttps({
  trustFile,
  timeoutMs = 30_000,
  signal,
  now,
}: AcmeHttpsOptions): Promise<AcmeHttps> {
  const ca = trustFile === undefined ? undefined : await readTrusted(trustFile);
  const agent = new Agent({
    connect: { ...(ca !== undefined && { ca }), timeout: timeoutMs },
    maxHeaderSize: 16 * 1024,
  });
  return {
    close: () => agent.destroy(),
    async send(url, { method, body, accept }) {
      const target = requireHttps(url);
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        // Of the client library this call follows no redirects: a JWS is signed for one address.
        const response = await request(target, {
          ...{
            method,
            dispatcher: agent,
            signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
          },
          headers: {
            'user-agent': userAgent,
            ...(body !== undefined && { 'content-type': 'application/jose+json' }),
            ...(accept !== undefined && { accept }),
          },
          ...(body !== undefined && { body }),
        });
        const { statusCode: status, headers } = response;
        const retryAfterMs = readRetryAfter(headers['retry-after'], now());
        return { status, headers, body: await collect(response.body, target), retryAfterMs };
      } catch (cause) {
        if (cause instanceof AcmeError) throw cause;
        throw unreachable(
          target,
          cause,
          deadline.aborted ? `no whole answer in ${timeoutMs} ms` : messageOf(cause),
        );
      }
    },
  };
}

async function readTrusted(file: string): Promise<string> {
  const pem = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new AcmeError('not-set-up', `the trusted certificates of the ACME server: ${cause.message}`, {
      cause,
    });
  });
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw new AcmeError('not-set-up', `${file} holds no certificate in PEM form`);
}

function requireHttps(url: string): URL {
  if (url.length <= maxUrlLength && URL.canParse(url)) {
    const target = new URL(url);
    if (target.protocol === 'https:' && target.username === '' && target.password === '') return target;
  }
  throw new AcmeError('malformed', `'${printable(url)}' is not an https address of an ACME server`, {
    remedy: 'ask the operator of the authority, or the registry that names its directory',
  });
}

async function collect(stream: AsyncIterable<Buffer>, { host }: URL): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > maxAnswerBytes) {
      throw new AcmeError('malformed', `${host} answers with more than ${maxAnswerBytes} octets`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function unreachable({ host }: URL, cause: unknown, reason: string): AcmeError {
  const { code = '' } = cause as { readonly code?: string };
  const isUntrusted = /CERT|SELF_SIGNED|UNABLE_TO/.test(code);
  const remedy = isUntrusted
    ? 'when the authority is a private one, name the certificate its server is verified with as trustFile of this directory in the settings'
    : 'have the line to this host and port opened in the firewalls; it is tried again';
  return new AcmeError('unreachable', `the ACME server ${host}: ${reason}`, { cause, remedy });
}
