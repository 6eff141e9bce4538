import { randomBytes } from 'node:crypto';
import { AcmeProblem } from './problem.ts';

export interface Identifier {
  readonly type: 'dns' | 'ip';
  readonly value: string;
}

/** An order, with its one authorization and the one challenge of that. */
export interface HeldOrder {
  readonly id: string;
  /** Of the external account that placed it. */
  readonly keyId: string;
  readonly identifier: Identifier;
  readonly kind: 'signing' | 'authentication';
  readonly token: string;
  readonly expiresAt: Date;
  status: 'pending' | 'verifying' | 'ready' | 'processing' | 'valid' | 'invalid';
  problem?: AcmeProblem;
  /** PEM. */
  certificate?: string;
}

const lifeMs = 24 * 3600_000;
const maxOrders = 5_000;
const maxOrdersOfOne = 50;

/** Orders under way, in memory: one that is lost is placed anew. */
export class Orders {
  readonly #held = new Map<string, HeldOrder>();

  /** @throws AcmeProblem rateLimited */
  place(wanted: Pick<HeldOrder, 'keyId' | 'identifier' | 'kind'>, now: Date): HeldOrder {
    for (const { id, expiresAt } of this.#held.values()) if (expiresAt <= now) this.#held.delete(id);
    const own = [...this.#held.values()].filter(({ keyId }) => keyId === wanted.keyId);
    if (own.length >= maxOrdersOfOne || this.#held.size >= maxOrders) {
      throw new AcmeProblem('rateLimited', 'there are too many orders of the last day', 429);
    }
    const order: HeldOrder = {
      ...wanted,
      id: randomBytes(12).toString('base64url'),
      token: randomBytes(32).toString('base64url'),
      expiresAt: new Date(now.getTime() + lifeMs),
      status: 'pending',
    };
    this.#held.set(order.id, order);
    return order;
  }

  /** @throws AcmeProblem malformed for an order that is not there, or another's */
  require(id: string, keyId: string): HeldOrder {
    const order = this.#held.get(id);
    if (order?.keyId === keyId) return order;
    throw new AcmeProblem('malformed', 'there is no such order', 404);
  }
}

/** @param base address of the server @see RFC 8555 §7.1.3 */
export function showOrder(base: string, order: HeldOrder): object {
  const { id, status, identifier, expiresAt, problem } = order;
  return {
    status: status === 'verifying' ? 'pending' : status,
    identifiers: [identifier],
    expires: expiresAt.toISOString(),
    authorizations: [`${base}/authorizations/${id}`],
    finalize: `${base}/orders/${id}/finalize`,
    ...(status === 'valid' && { certificate: `${base}/certificates/${id}` }),
    ...(problem !== undefined && { error: problem.document }),
  };
}

/** @see RFC 8555 §7.1.4 */
export function showAuthorization(base: string, order: HeldOrder): object {
  const { identifier, expiresAt, status, problem } = order;
  const isOpen = status === 'pending' || status === 'verifying';
  // An order that fails later was authorized all the same; it is of no more use.
  const shown = isOpen ? 'pending' : status === 'invalid' ? 'invalid' : 'valid';
  return {
    ...{ status: shown, identifier, expires: expiresAt.toISOString() },
    challenges: [showChallenge(base, order, problem)],
  };
}

/** @see RFC 8555 §8.3 */
export function showChallenge(base: string, { id, token, status }: HeldOrder, problem?: AcmeProblem): object {
  const shown =
    status === 'pending'
      ? 'pending'
      : status === 'verifying'
        ? 'processing'
        : status === 'invalid'
          ? 'invalid'
          : 'valid';
  return {
    ...{ type: 'http-01', url: `${base}/challenges/${id}`, status: shown, token },
    ...(problem !== undefined && { error: problem.document }),
  };
}
