import { describe, expect, it } from 'vitest';
import { bare, digestOf, stepDigest, writeChain } from './chain.ts';
import { requestHash } from './provider.ts';
import { writeLines } from './wire.ts';

/** What the protocol's own example comes to, so that the peer is known to read it rightly before it judges others. */
describe('the example of the protocol, computed by the independent peer', () => {
  const head = writeLines([
    ...['POST', '/r1/DEV/COM/222/Sub2/echo/items?x=1', 'accept:application/json'],
    ...['X-Road-Client:DEV/COM/111/Sub1', 'Content-Type:application/json'],
    'x-road-request-id:7f9a7a4e-1c55-4f3a-9a63-0c6b2a1d0e01',
    'x-road-id:DEV-2b1d8c90-55f2-4d0b-8a44-6f2d8f1f7a10',
  ]);
  const body = Buffer.from('{"a":1}');
  const base64 = (bytes: Buffer) => bytes.toString('base64');

  it('a request has one hash without a body, another with one, a third with an empty one', () => {
    expect(head.length).toBe(239);
    expect(requestHash({ head, body: undefined })).toBe(
      'iVeAMj1BNsFKLA+DocDAZCdDaChM94dP9yLqQtJGOCos/aexsyDJMGQ0p2IDfNVbzfwgV8ZI1MO/LEv521JqCw==',
    );
    expect(requestHash({ head, body })).toBe(
      'Y94MK77MRMregFDOlm6RgUDPXolvwUYELMX7FZSuom0ev3mYclIwnOp7iqTpa4K+JMIQ/vfcXZivDQ9IqxAiLg==',
    );
    expect(requestHash({ head, body: Buffer.alloc(0) })).toBe(
      'pqL7e2kbQMdX0ly0LdCaP0V6KRQJGl1xHj07QTCz0uxkWh0HD5bNT/mGP0aa50V7hoT+8rcqRybcPgm59nUONw==',
    );
  });

  it('a step over head and body is the value of the hash chain result', () => {
    const value = 'RUCMkYME1oUctuTskRwW8EPsDIrxtBZJj4+nwtIV4kmgs4nHvskSgs1/HX0WeyJACWvUOD/C1dHvG+SBM4hmNw==';
    const digests = [digestOf(head), digestOf(body)];
    expect(base64(stepDigest(digests))).toBe(value);
    expect(writeChain([digests.map(bare)]).result.toString()).toContain(`>${value}<`);
  });

  it('a batch of three has the root that its messages lead to', () => {
    const [alpha, beta, gamma] = ['alpha', 'beta', 'gamma'].map((text) => digestOf(text));
    if (alpha === undefined || beta === undefined || gamma === undefined) throw new Error('no digests');
    const node = stepDigest([alpha, beta]);
    expect(base64(node)).toBe(
      'Un5lxdwzx2EEYrcWfe21Jgje56uWDNVtI9NypLwd4VHVrCBaMyGGhSV35+4Ft5sXPl0LMScnm+DTe+6TAiq0lQ==',
    );
    expect(base64(stepDigest([node, gamma]))).toBe(
      '2lO4Jx3814VBy5zU4QFZYfNBgZqdP82V3PtCShcvOxfReGnY0UMptf7j7XXacOLibLV6s9Z830GlAEHz6VsPzw==',
    );
  });
});
