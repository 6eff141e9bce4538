import { setTimeout as delay } from 'node:timers/promises';
import { type Dispatcher, request } from 'undici';
import { ArchivingError } from '../archive-source.ts';

/** How targets behind a network are asked. */
export interface AskOptions {
  readonly dispatcher: Dispatcher;
  /** For all of one attempt. */
  readonly timeoutMs: number;
  /** Milliseconds to wait after an attempt (from 1) that failed; undefined gives up. */
  readonly retry: (attempt: number) => number | undefined;
}

export interface Ask {
  readonly method: 'PUT' | 'POST' | 'GET';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Octets of the answer that are read. */
  readonly maxBytes: number;
}

export interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
}

/** Answers after which the same may be asked again. */
const isPassing = (status: number) => status === 408 || status === 429 || status >= 500;

/**
 * Asks until there is an answer that would not be another the next time.
 * @param make the question, anew for each attempt: signatures are of their time
 * @throws ArchivingError target-unreachable
 */
export async function ask(options: AskOptions, make: () => Ask | Promise<Ask>): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    const question = await make();
    const answer = await askOnce(options, question).catch((error: unknown) => error as Error);
    const isFinal = !(answer instanceof Error) && !isPassing(answer.status);
    if (isFinal) return answer;
    const wait = options.retry(attempt);
    if (wait === undefined) {
      if (!(answer instanceof Error)) return answer;
      const { origin } = new URL(question.url);
      const reason = `${origin} did not answer: ${answer.message}`;
      throw new ArchivingError('target-unreachable', reason, { cause: answer });
    }
    await delay(wait, undefined, { ref: false });
  }
}

async function askOnce({ dispatcher, timeoutMs }: AskOptions, question: Ask): Promise<Answer> {
  const { method, url, headers, body, maxBytes } = question;
  const { statusCode: status, body: answer } = await request(url, {
    ...{ method, headers, dispatcher, body: body ?? null, signal: AbortSignal.timeout(timeoutMs) },
  });
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    // One octet too many is another file already.
    if (size > maxBytes) {
      answer.destroy();
      break;
    }
    pieces.push(chunk);
  }
  return { status, bytes: Buffer.concat(pieces) };
}

/** @throws ArchivingError target-refused */
export function requireTaken({ status, bytes }: Answer, url: string): void {
  if (status >= 200 && status < 300) return;
  const words = bytes
    .toString('utf8')
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, 200);
  throw new ArchivingError('target-refused', `${url} answered HTTP ${status}: ${words}`);
}
