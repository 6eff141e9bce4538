import { createHash } from 'node:crypto';
import { Fault } from '../fault/index.ts';
import { parseRestResponse, requestHash } from '../message/index.ts';
import type { MessageFacts } from './facts.ts';
import type { JudgedRecord } from './judge-record.ts';
import { askedIn } from './judge-scope.ts';
import type { BundleScope } from './model.ts';
import { bad, good, type Step } from './verdict.ts';

const id = 'exchange';

/**
 * Whether request and response belong to each other. A log has no response without its request; whether a request had
 * no response `judgeAnswers` tells.
 */
export function judgeExchanges(records: readonly JudgedRecord[], scope: BundleScope): readonly Step[] {
  const exchanges = new Map<string, JudgedRecord[]>();
  for (const record of records) {
    if (record.facts === undefined || record.parts === undefined) continue;
    const key = exchangeOf(record.facts);
    exchanges.set(key, [...(exchanges.get(key) ?? []), record]);
  }
  return [...exchanges.values()].flatMap((members) => judgeExchange(members, scope));
}

export function exchangeOf({
  side,
  queryId,
  requestId,
}: Pick<MessageFacts, 'side' | 'queryId' | 'requestId'>): string {
  return JSON.stringify([side, queryId, requestId]);
}

function judgeExchange(members: readonly JudgedRecord[], scope: BundleScope): Step[] {
  const request = members.find(({ facts }) => facts?.direction === 'request');
  const response = members.find(({ facts }) => facts?.direction === 'response');
  if (request === undefined) {
    // A period cuts through exchanges, and a case of version 1 holds what somebody chose.
    if (askedIn(scope) === undefined || response === undefined) return [];
    const text = 'There is a response, and not the request that was recorded before it.';
    return [bad(id, aboutOf(response), 'request-missing', text)];
  }
  if (response === undefined) return [];
  return judgeHash(request, response);
}

/** A REST response has the hash of its request, and was signed with it. */
function judgeHash(request: JudgedRecord, response: JudgedRecord): Step[] {
  const head = response.parts?.container.head;
  const sent = request.parts?.container;
  const isRest = request.facts?.protocol === 'rest' && response.facts?.protocol === 'rest';
  if (!isRest || head === undefined || sent?.head === undefined || request.parts?.erased.length !== 0)
    return [];
  const about = aboutOf(response);
  try {
    const body = sent.attachments.get('/attachment1');
    const expected = requestHash(sha512Of(sent.head), body === undefined ? undefined : sha512Of(body));
    if (parseRestResponse(head).requestHash !== expected) {
      const text = `The response was not to ${aboutOf(request)}: it names the hash of another request.`;
      return [bad(id, about, 'request-differs', text)];
    }
    return [good(id, about, `This is the response to ${aboutOf(request)}, whose hash it was signed with.`)];
  } catch (error) {
    // What cannot be read is told of the record itself.
    if (error instanceof Fault) return [];
    throw error;
  }
}

function aboutOf({ index }: JudgedRecord): string {
  return `records/${index}`;
}

function sha512Of(bytes: Uint8Array): Buffer {
  return createHash('sha512').update(bytes).digest();
}
