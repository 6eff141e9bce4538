import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { removeOwnCertificate } from '../signer/index.ts';
import { member } from '../testing/trust-services.ts';
import { dayMs, Killed, RenewalWorld } from './testing/renewal-world.ts';

let world: RenewalWorld;
beforeAll(async () => {
  world = await RenewalWorld.start();
}, 60_000);
beforeEach(() => world.reset());
afterAll(() => world.close());

/** Looks until all is done, an hour of the clock between looks; whoever is killed begins again. */
async function goOn(until: () => boolean, hours = 24 * 20): Promise<void> {
  for (let hour = 0; hour < hours && !until(); hour += 1) {
    await world.renewals.look().catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
    if (world.effects >= world.killAt) await world.open();
    world.services.at += 3_600_000;
    await world.signer.refresh();
  }
  if (!until()) throw new Error(`it does not come to that: ${JSON.stringify(world.renewals.list())}`);
}

const stageOf = (sha256: string) => world.renewals.list().find(({ certificate }) => certificate === sha256);
const isDone = (sha256: string) => stageOf(sha256)?.stage === 'done';
const serves = async () => {
  await world.signer.signingIdentity(member);
  const { chain } = await world.signer.authenticationIdentity();
  // Peers take it for this server, by the configuration of now.
  expect(world.registered).toContain(chain[0]?.sha256.toString('hex'));
};

describe('a certificate that its authority renews', () => {
  it('is replaced when two thirds of its life are over, by one for a new key; then it goes, and its key', async () => {
    const old = await world.idOf('signing');
    const [before] = (await world.own()).filter(({ use }) => use === 'signing');
    await world.renewals.look();
    expect(stageOf(old)).toMatchObject({ stage: 'waiting', dueBy: 'age' });
    expect(world.ordered).toEqual([]);
    world.services.at += 20.1 * dayMs;
    await world.signer.refresh();
    await world.renewals.look();
    expect(stageOf(old)).toMatchObject({ stage: 'grace' });
    const kept = (await world.own()).filter(({ use }) => use === 'signing');
    expect(kept.map(({ isActive, keyId }) => [keyId === before?.keyId, isActive]).sort()).toEqual([
      [false, true],
      [true, false],
    ]);
    await goOn(() => isDone(old));
    expect((await world.own()).filter(({ use }) => use === 'signing')).toHaveLength(1);
    expect(world.services.token.listKeys().map(({ id }) => id)).not.toContain(before?.keyId);
    await serves();
  });

  it('for authentication serves on until the new one is registered, and every server can know that', async () => {
    const old = await world.idOf('authentication');
    world.decides = ({ kind }) => (kind === 'authCertReg' ? 'waiting' : 'approved');
    await world.renewals.request(old);
    expect(stageOf(old)).toMatchObject({ stage: 'registering' });
    expect(world.requests.map(({ request: { kind } }) => kind)).toEqual(['authCertReg']);
    world.services.at += 3_600_000;
    await world.signer.refresh();
    await world.renewals.look();
    expect(world.requests).toHaveLength(1);
    expect(await world.idOf('authentication')).toBe(old);

    const successor = stageOf(old)?.replacement ?? '';
    world.registered.add(successor);
    await world.renewals.look();
    expect(stageOf(old)).toMatchObject({ stage: 'spreading', until: new Date(world.services.at + 600_000) });
    await world.renewals.look();
    expect((await world.signer.authenticationIdentity()).chain[0]?.sha256.toString('hex')).toBe(old);
    world.services.at += 600_000;
    await world.renewals.look();
    expect(stageOf(old)).toMatchObject({ stage: 'grace' });
    expect((await world.signer.authenticationIdentity()).chain[0]?.sha256.toString('hex')).toBe(successor);
    expect([...world.registered].sort()).toEqual([old, successor].sort());
    await goOn(() => isDone(old));
    expect([...world.registered]).toEqual([successor]);
  });

  it('is asked for by the authority sooner, and anew when it changes its mind', async () => {
    const old = await world.idOf('signing');
    const { at } = world.services;
    const window = (days: number) => ({
      startAt: new Date(at + days * dayMs),
      endAt: new Date(at + (days + 2) * dayMs),
    });
    world.window = window(10);
    await world.renewals.look();
    expect(stageOf(old)).toMatchObject({ dueBy: 'authority', dueAt: new Date(at + 11 * dayMs) });
    world.window = window(-3);
    await world.renewals.look();
    expect(stageOf(old)).toMatchObject({ stage: 'waiting' });
    world.services.at += 3_600_000;
    await world.signer.refresh();
    await world.renewals.look();
    expect(stageOf(old)).toMatchObject({ stage: 'grace' });
  });

  it('is not renewed by itself where that is switched off, and still when somebody asks for it', async () => {
    const old = await world.idOf('signing');
    world.isAutomatic = false;
    await world.open();
    world.services.at += 25 * dayMs;
    await world.renewals.look();
    expect(world.renewals.list()).toEqual([]);
    await world.signer.refresh();
    expect(await world.renewals.request(old)).toMatchObject({ stage: 'grace', dueBy: 'request' });
    const successor = stageOf(old)?.replacement ?? '';
    await expect(world.renewals.request(old.replace(/^./, 'x'))).rejects.toMatchObject({
      code: 'unknown-certificate',
    });
    expect(successor).toBe(await world.idOf('signing'));
  });
});

describe('a renewal that fails', () => {
  it('is tried again after pauses that grow, says why, and leaves alone what serves', async () => {
    const old = await world.idOf('signing');
    world.view = {
      state: 'failed',
      code: 'account-closed',
      detail: 'no such account',
      remedy: 'ask for one',
    };
    expect(await world.renewals.request(old)).toMatchObject({
      ...{ stage: 'ordering', failures: 1, nextAt: new Date(world.services.at + 60_000) },
      trouble: { code: 'account-closed', text: 'no such account', remedy: 'ask for one' },
    });
    await world.renewals.look();
    expect(world.ordered).toHaveLength(1);
    world.services.at += 60_000;
    await world.renewals.look();
    expect(stageOf(old)).toMatchObject({ failures: 2, nextAt: new Date(world.services.at + 120_000) });
    expect(world.ordered.map(({ keyId }) => keyId)).toEqual([
      world.ordered[0]?.keyId,
      world.ordered[0]?.keyId,
    ]);
    expect(await world.idOf('signing')).toBe(old);
    await serves();
    world.view = undefined;
    expect(await world.renewals.request(old)).toMatchObject({ stage: 'grace', failures: 0 });
    expect(stageOf(old)?.trouble).toBeUndefined();
  });

  it('waits as long as the authority says', async () => {
    const old = await world.idOf('signing');
    const retryAt = new Date(world.services.at + dayMs);
    world.view = { state: 'delayed', code: 'rate-limited', detail: 'later', retryAt };
    expect(await world.renewals.request(old)).toMatchObject({ nextAt: retryAt });
  });

  it('switches nothing before the status of the new certificate is good', async () => {
    const old = await world.idOf('signing');
    world.services.isDown = true;
    expect(await world.renewals.request(old)).toMatchObject({
      ...{ stage: 'activating', trouble: { code: 'status-not-good' } },
    });
    expect(await world.idOf('signing')).toBe(old);
    await serves();
    world.services.isDown = false;
    expect(await world.renewals.request(old)).toMatchObject({ stage: 'grace' });
  });

  it('is not pressed on a registry that declined, until somebody asks again', async () => {
    const old = await world.idOf('authentication');
    world.decides = () => 'declined';
    expect(await world.renewals.request(old)).toMatchObject({ stage: 'registering' });
    for (let minutes = 1; minutes < 100; minutes *= 2) {
      world.services.at += minutes * 60_000;
      await world.renewals.look();
    }
    expect(stageOf(old)).toMatchObject({ trouble: { code: 'registration-declined' } });
    expect(world.requests).toHaveLength(1);
    world.decides = () => 'approved';
    world.services.at += 1;
    await world.renewals.request(old);
    await world.renewals.look();
    expect(stageOf(old)).toMatchObject({ stage: 'spreading' });
    expect(world.requests).toHaveLength(2);
  });

  it('orders again when the new certificate was removed meanwhile', async () => {
    const old = await world.idOf('authentication');
    world.decides = () => 'waiting';
    const { replacement = '' } = await world.renewals.request(old);
    await removeOwnCertificate(world.settings.db, replacement);
    await world.renewals.look();
    expect(stageOf(old)).toMatchObject({ trouble: { code: 'successor-gone' } });
    expect(await world.renewals.request(old)).toMatchObject({ stage: 'registering' });
    expect(stageOf(old)?.replacement).not.toBe(replacement);
  });
});

describe.each(['signing', 'authentication'] as const)(
  'a server that is killed while it renews for %s',
  (use) => {
    it('goes on after every single effect: one certificate and one key are left, and at no instant none served', async () => {
      for (let killAt = 1; ; killAt += 1) {
        await world.reset();
        const old = await world.idOf(use);
        world.killAt = killAt;
        world.afterEffect = serves;
        await world.renewals.request(old).catch((error: unknown) => {
          if (!(error instanceof Killed)) throw error;
        });
        const wasKilled = () => world.killAt === Number.POSITIVE_INFINITY;
        if (world.effects >= world.killAt) {
          await world.open();
          // Where even the wish was not written down yet.
          if (stageOf(old) === undefined) await world.renewals.request(old);
        }
        await goOn(() => isDone(old), 24 * 4);
        const left = (await world.own()).filter((own) => own.use === use);
        expect(left.map(({ isActive }) => isActive)).toEqual([true]);
        expect(left[0]?.certificate.sha256.toString('hex')).not.toBe(old);
        expect(world.services.token.listKeys()).toHaveLength(2);
        await serves();
        if (!wasKilled()) {
          expect(killAt).toBeGreaterThan(use === 'signing' ? 4 : 6);
          return;
        }
      }
    }, 120_000);
  },
);
