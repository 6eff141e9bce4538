import type { SigningKey } from '../../certs/key/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import type { MessagePart } from '../../gateway/message/index.ts';
import type { SigningIdentity } from '../../gateway/road/index.ts';
import { type SignatureDocuments, signBatch } from '../../gateway/signature/index.ts';

/**
 * How a token is used: once for each message, once for all messages that wait, or whichever of these costs less.
 * Set per token; peers accept either.
 */
export const signingModes = ['single', 'batch', 'automatic'] as const;
export type SigningMode = (typeof signingModes)[number];

export interface BatchSignerOptions {
  /** Milliseconds that only grow. */
  readonly elapsedMs: () => number;
  /** After this long a signature counts as failed. */
  readonly deadlineMs?: number;
}

/**
 * From here on signing together pays. In a batch, a message that would have been signed alone needs a hash chain:
 * about 0.01 ms to write, and 0.2 to 0.3 ms to read for the peer and for whoever audits it later. Measured on the
 * same machine a signature takes 0.03 ms with P-256, 0.3 ms with RSA of 2048 bits, 4 ms with RSA of 4096 bits, and
 * more in any device behind a bus or a network.
 */
const slowFromMs = 1;
/** Six levels of a tree; further messages are the next batch, which the same signature time does not delay long. */
const maxBatch = 64;
/** Messages of one key that wait: each holds a connection, and a token that far behind will not catch up. */
const maxWaiting = 4096;
const defaultDeadlineMs = 30_000;
/** A process that is busy makes single measurements too long, never too short: the least of a few is the token's. */
const maxMeasurements = 8;

interface Waiting {
  readonly identity: SigningIdentity;
  readonly mode: SigningMode;
  readonly parts: readonly MessagePart[];
  readonly at: Date;
  readonly resolve: (documents: SignatureDocuments) => void;
  readonly reject: (fault: Fault) => void;
}

/**
 * Signs messages, those together that wait for the same key. A message is signed at once when its key is idle; what
 * arrives while a slow key is at work is signed with one signature when that is done. Only digests wait here, so
 * no message waits for the body of another.
 */
export class BatchSigner {
  readonly #options: BatchSignerOptions;
  /** By SHA-256 of the certificate: one for each that this process has signed with. */
  readonly #queues = new Map<string, KeyQueue>();

  constructor(options: BatchSignerOptions) {
    this.#options = options;
  }

  /**
   * @param mode that the token of this identity is set to now
   * @throws Fault CannotCreateSignature when the token fails or does not answer, or too many messages wait for it
   */
  sign(
    identity: SigningIdentity,
    mode: SigningMode,
    parts: readonly MessagePart[],
    at: Date,
  ): Promise<SignatureDocuments> {
    const key = identity.certificate.sha256.toString('hex');
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = new KeyQueue(this.#options);
      this.#queues.set(key, queue);
    }
    return queue.sign({ identity, mode, parts, at });
  }
}

class KeyQueue {
  readonly #elapsedMs: () => number;
  readonly #deadlineMs: number;
  readonly #waiting: Waiting[] = [];
  readonly #measurements: number[] = [];
  #underWay = 0;

  constructor({ elapsedMs, deadlineMs = defaultDeadlineMs }: BatchSignerOptions) {
    this.#elapsedMs = elapsedMs;
    this.#deadlineMs = deadlineMs;
  }

  sign(message: Omit<Waiting, 'resolve' | 'reject'>): Promise<SignatureDocuments> {
    if (this.#waiting.length >= maxWaiting) {
      const why = `${maxWaiting} messages wait for the token already; try again later`;
      return Promise.reject(new Fault('CannotCreateSignature', why));
    }
    // Told now, or it would fail everyone it is signed with.
    if (message.parts[0]?.name !== '/message.xml') {
      return Promise.reject(new Fault('CannotCreateSignature', 'A message begins with its head'));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...message, resolve, reject });
      this.#proceed();
    });
  }

  #proceed(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const isTogether = this.#isTogether(first.mode);
      if (isTogether && this.#underWay > 0) return;
      const end = isTogether ? this.#waiting.findIndex((other) => !isAlike(first, other)) : 1;
      const count = Math.min(end === -1 ? this.#waiting.length : end, maxBatch);
      // Settles every message itself and never rejects.
      void this.#signTogether(this.#waiting.splice(0, count), first.identity);
    }
  }

  /** Until a first signature has shown how fast the key is, others wait for it: once, and no longer than it takes. */
  #isTogether(mode: SigningMode): boolean {
    if (mode !== 'automatic') return mode === 'batch';
    return this.#measurements.length === 0 || Math.min(...this.#measurements) >= slowFromMs;
  }

  async #signTogether(messages: readonly Waiting[], identity: SigningIdentity): Promise<void> {
    this.#underWay += 1;
    try {
      const signed = signBatch(
        messages.map(({ parts }) => parts),
        {
          ...identity,
          key: this.#timed(identity.key),
          digest: 'sha512',
          signedAt: new Date(Math.max(...messages.map(({ at }) => at.getTime()))),
        },
      );
      const documents = await within(this.#deadlineMs, signed);
      messages.forEach((message, index) => {
        const own = documents[index];
        if (own === undefined)
          message.reject(new Fault('CannotCreateSignature', 'The message was not signed'));
        else message.resolve(own);
      });
    } catch (error) {
      for (const { reject } of messages) reject(faultOf(error));
    } finally {
      this.#underWay -= 1;
      this.#proceed();
    }
  }

  /** The key, watched: how long it takes for one signature when all that are under way share its time. */
  #timed(key: SigningKey): SigningKey {
    return {
      ...key,
      sign: async (data, encoding) => {
        const sharers = this.#underWay;
        const from = this.#elapsedMs();
        const value = await key.sign(data, encoding);
        this.#measurements.push((this.#elapsedMs() - from) / sharers);
        if (this.#measurements.length > maxMeasurements) this.#measurements.shift();
        return value;
      },
    };
  }
}

/** Whether two messages may share a signature: it holds one certificate, and one set of its OCSP responses. */
function isAlike(one: Waiting, other: Waiting): boolean {
  return one.identity === other.identity && one.mode === other.mode;
}

/** One of its own for each message: what is done to a fault on its way out is nobody else's. */
function faultOf(error: unknown): Fault {
  if (!(error instanceof Fault)) {
    return new Fault(
      'CannotCreateSignature',
      'The token could not sign; see the log of the security server',
      {
        cause: error,
      },
    );
  }
  const { code, message, within: outer, cause } = error;
  return new Fault(code, message, { within: outer, ...(cause !== undefined && { cause }) });
}

async function within<Value>(deadlineMs: number, work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const why = `The token did not answer within ${deadlineMs} ms`;
    timer = setTimeout(() => reject(new Fault('CannotCreateSignature', why)), deadlineMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
