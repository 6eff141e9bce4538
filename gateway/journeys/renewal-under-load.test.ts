import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AdminClient } from '../../pilot/admin-client.ts';
import { bodyOf, call, startNetwork, type TestNetwork } from './network.ts';

interface Certificate {
  readonly sha256: string;
  readonly use: 'signing' | 'authentication';
  readonly isInUse: boolean;
  readonly registration?: string;
}

interface Renewal {
  readonly certificate: string;
  readonly state: string;
  readonly replacement?: string;
  readonly trouble?: object;
}

const callers = 4;

describe('certificates renewed while exchanges go on', () => {
  let network: TestNetwork;
  let path: string;
  beforeAll(async () => {
    // Configurations ring when they change; so long they take at most to be in force on both servers.
    network = await startNetwork({ renewal: { spreadMs: 10_000, graceMs: 2_000, lookMs: 500 } });
    const echo = await network.publish('echo', async (incoming, outgoing) => {
      const body = await bodyOf(incoming);
      // Long enough for exchanges to be under way at every instant.
      await setTimeout(20);
      outgoing.end(body);
    });
    path = echo.path;
  }, 120_000);
  afterAll(() => network?.close());

  async function inUse(admin: AdminClient, use: Certificate['use']): Promise<Certificate> {
    const all = await admin.get<readonly Certificate[]>('/certificates');
    const found = all.find((one) => one.use === use && one.isInUse);
    if (found === undefined) throw new Error(`there is no certificate for ${use}`);
    return found;
  }

  /** Renews what a server uses, until the old one is gone. @returns the renewal as it ended */
  async function renew(admin: AdminClient, use: Certificate['use']): Promise<Renewal> {
    const { sha256 } = await inUse(admin, use);
    await admin.post('/renewals', { certificate: sha256 });
    for (;;) {
      const all = await admin.get<readonly Renewal[]>('/renewals');
      const renewal = all.find(({ certificate }) => certificate === sha256);
      if (renewal?.state === 'done') return renewal;
      if (renewal?.trouble !== undefined) throw new Error(JSON.stringify(renewal));
      await setTimeout(200);
    }
  }

  it('of both servers, for signing and then for authentication: every single exchange is answered', async () => {
    // The provider last: renewed before, the city would leave its connections to the former certificate by itself.
    const admins = [network.cityAdmin, network.ministryAdmin];
    const isOver = new AbortController();
    const failed: unknown[] = [];
    let answered = 0;
    const calling = Array.from({ length: callers }, async (_, caller) => {
      for (let number = 0; !isOver.signal.aborted; number += 1) {
        const text = `${caller}-${number}`;
        try {
          const { status, body } = await call(network, path, { method: 'POST', body: text });
          if (status === 200 && body.toString() === text) answered += 1;
          else failed.push({ status, body: body.toString() });
        } catch (error) {
          failed.push(error);
        }
      }
    });
    const before: string[] = [];
    try {
      for (const use of ['signing', 'authentication'] as const) {
        for (const admin of admins) before.push((await inUse(admin, use)).sha256);
        for (const admin of admins) {
          const { replacement } = await renew(admin, use);
          expect((await inUse(admin, use)).sha256).toBe(replacement);
        }
      }
      const answeredBefore = answered;
      while (answered < answeredBefore + 20 && failed.length === 0) await setTimeout(50);
    } finally {
      isOver.abort();
      await Promise.all(calling);
    }
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(100);
    for (const admin of admins) {
      const left = await admin.get<readonly Certificate[]>('/certificates');
      expect(left.map(({ use }) => use).sort()).toEqual(['authentication', 'signing']);
      expect(left.map(({ sha256 }) => before.includes(sha256))).toEqual([false, false]);
      expect(left.find(({ use }) => use === 'authentication')).toMatchObject({ registration: 'registered' });
      expect(await admin.get('/diagnostics')).not.toMatchObject({
        diagnoses: expect.arrayContaining([expect.objectContaining({ code: 'certificate-renewal-fails' })]),
      });
    }
    const renewalTroubles = network.troubles.filter(({ about }) => about.includes('renewal'));
    expect(renewalTroubles).toEqual([]);
  }, 240_000);
});
