import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyOf } from '../network.ts';
import { outcomeOf, sendRest } from './client.ts';
import { joinNetwork, type Peer } from './join.ts';

describe('a security server that reads the protocol for itself calls ours with REST', () => {
  let peer: Peer;
  beforeAll(async () => {
    peer = await joinNetwork();
    await peer.publish('echo', async (incoming, outgoing) => {
      const body = await bodyOf(incoming);
      outgoing.end(`${incoming.method} ${incoming.url} ${body.toString()}`);
    });
  });
  afterAll(() => peer?.close());

  it('is answered', async () => {
    expect(outcomeOf((await sendRest(peer)).answer)).toBe('answered');
    expect(outcomeOf((await sendRest(peer, { body: Buffer.from('{"a":1}') })).answer)).toBe('answered');
  });
});
