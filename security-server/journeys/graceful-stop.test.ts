import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';

describe('a security server that is stopped', () => {
  let network: TestNetwork;
  beforeAll(async () => {
    network = await startNetwork();
  }, 120_000);
  afterAll(() => network?.close());

  /** A service that answers when it is told to. */
  async function slow(code: string) {
    let arrived: (outgoing: ServerResponse) => void = () => undefined;
    const called = new Promise<ServerResponse>((resolve) => {
      arrived = resolve;
    });
    const { path } = await network.publish(code, (_, outgoing) => arrived(outgoing));
    return { path, called };
  }

  /** Until nobody listens there any more. */
  async function untilRefused(url: string): Promise<void> {
    for (;;) {
      const isTaken = await fetch(url, { headers: { connection: 'close' } }).then(
        () => true,
        () => false,
      );
      if (!isTaken) return;
    }
  }

  it('the consumer is stopped while a service is slow; the answer arrives, and new calls are not taken', async () => {
    const { path, called } = await slow('slow-one');
    const answer = call(network, path);
    const outgoing = await called;
    const closing = network.city.close();
    await untilRefused(network.city.clientUrl);
    outgoing.end('after all');
    expect((await answer).body.toString()).toBe('after all');
    await closing;
  });
});
