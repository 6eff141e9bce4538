import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EvidenceError } from './error.ts';
import { commitPart, entryOf, type MessageFacts, pairOf, parseFacts, writeFacts } from './facts.ts';

const commitment = commitPart(randomBytes(16), randomBytes(64));
const facts: MessageFacts = {
  kind: 'message',
  sequence: 7,
  at: '2026-11-23T20:00:00.123Z',
  direction: 'response',
  side: 'provider',
  protocol: 'rest',
  client: 'DEV:GOV:1:permits',
  provider: 'DEV:GOV:2:register',
  service: 'DEV:GOV:2:register:person',
  queryId: 'q-1',
  requestId: 'r-1',
  userId: 'EE1\u2028"',
  status: 200,
  configuration: 'ab'.repeat(32),
  head: commitment,
  signature: commitment,
  bodies: [commitment, commitment],
};

describe('the facts of a record', () => {
  it('are read as they were written, and in no other form', () => {
    const bytes = writeFacts(facts);
    expect(parseFacts(bytes)).toEqual(facts);
    const tally = { kind: 'tally', at: facts.at, pairs: [commitment] } as const;
    expect(parseFacts(writeFacts(tally))).toEqual(tally);
    const other = [
      JSON.stringify({ ...facts, extra: 1 }),
      JSON.stringify({ ...facts, sequence: 0 }),
      JSON.stringify({ ...facts, at: '2026-11-23' }),
      JSON.stringify({ ...facts, head: commitment.slice(1) }),
      JSON.stringify({ ...facts, direction: 'sideways' }),
      JSON.stringify(facts, null, 1),
      `${JSON.stringify(facts)} `,
      JSON.stringify(facts).replace('"sequence":7', '"sequence":7.0'),
      'null',
      '[]',
      '{',
    ];
    for (const text of other) expect(() => parseFacts(Buffer.from(text)), text).toThrow(EvidenceError);
  });

  it('never take random bytes for facts, nor facts with one bit changed for the same', () => {
    const bytes = writeFacts(facts);
    const salt = randomBytes(16);
    const entry = entryOf(salt, bytes);
    fc.assert(
      fc.property(fc.nat({ max: bytes.length * 8 - 1 }), (bit) => {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(entryOf(salt, changed).equals(entry)).toBe(false);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
        expect(() => parseFacts(Buffer.from(random))).toThrow(EvidenceError);
      }),
    );
  });

  it('are numbered by client, provider, direction and side', () => {
    expect(pairOf(facts)).toBe('DEV:GOV:1:permits|DEV:GOV:2:register|response|provider');
  });
});
