import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readContainer } from '../signature/container/read.ts';
import { createVerifier, verifyContainer } from '../signature/index.ts';
import { bodyOf, call, startNetwork, type TestNetwork } from './network.ts';

/** Enough to queue for a key that signs some hundred times a second. */
const count = 40;
const portal = 'xRoadInstance=PILOT&memberClass=MUN&memberCode=2001&subsystemCode=portal';

describe('servers with slow keys', () => {
  let network: TestNetwork;
  let path: string;
  beforeAll(async () => {
    network = await startNetwork({ keySpec: { type: 'rsa', bits: 4096 } });
    const published = await network.publish('echo', async (incoming, outgoing) => {
      outgoing.end(await bodyOf(incoming));
    });
    path = published.path;
  });
  afterAll(() => network?.close());

  /** Exchanges that are under way at once, every other with a body. */
  async function exchange(name: string): Promise<string[]> {
    const ids = Array.from({ length: count }, (_, index) => `${name}-${index}`);
    const answers = await Promise.all(
      ids.map((id, index) =>
        call(network, `${path}/${id}`, {
          headers: { 'X-Road-Id': id },
          ...(index % 2 === 0 && { method: 'POST', body: id }),
        }),
      ),
    );
    expect(answers.map(({ status, body }) => [status, body.toString()])).toEqual(
      ids.map((id, index) => [200, index % 2 === 0 ? id : '']),
    );
    return ids;
  }

  /** Verifies the container of each message alone. @returns of each the hash chain result, or its head if it has none */
  async function evidence(ids: readonly string[], direction: string): Promise<string[]> {
    const verifier = createVerifier();
    const signed: string[] = [];
    for (const id of ids) {
      const { status, body } = await call(network, `/asic?queryId=${id}&${portal}&unique&force&${direction}`);
      expect(status).toBe(200);
      const container = await readContainer(body);
      const configuration = network.city.configuration();
      const { queryId, warnings } = await verifyContainer({ container, configuration, verifier });
      expect({ queryId, warnings }).toEqual({ queryId: id, warnings: [] });
      signed.push((container.documents.hashChainResult ?? container.head).toString());
    }
    return signed;
  }

  it('the client sends many requests at once; they and their answers are signed together, and verified alone', async () => {
    const ids = await exchange('together');
    for (const direction of ['requestOnly', 'responseOnly']) {
      const signed = await evidence(ids, direction);
      expect(new Set(signed).size).toBeLessThan(count);
    }
  });

  it('the administrator wants a signature for each; every message gets its own', async () => {
    for (const admin of [network.cityAdmin, network.ministryAdmin]) {
      await admin.put('/tokens/software', { signing: 'single' });
      expect(await admin.get('/tokens')).toMatchObject([{ signing: 'single', isActive: true }]);
    }
    const ids = await exchange('alone');
    for (const direction of ['requestOnly', 'responseOnly']) {
      expect(new Set(await evidence(ids, direction)).size).toBe(count);
    }
  });

  it('nothing went wrong on the way', () => {
    expect(network.troubles).toEqual([]);
  });
});
