import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GlobalConfiguration } from '../configuration/index.ts';
import { Fault } from '../fault/index.ts';
import { verifyAuthenticationPeer } from '../trust/index.ts';
import {
  approved,
  configurationOf,
  instance,
  issueAuthentication,
  issueAuthority,
  minute,
  noon,
  otherMember,
  type Party,
  statusOf,
  subsystem,
} from '../trust/testing/small-world.ts';
import { PeerStatuses, type ShownEvidence } from './peer-statuses.ts';

let ca: Party;
let leaf: Party;
let good: Buffer;
let later: Buffer;
let revoked: Buffer;
let configuration: GlobalConfiguration;
let now: Date;
/** What the peer's port answers with, and how often it was asked. */
let answer: () => Promise<readonly Buffer[]>;
let asked: { readonly host: string; readonly port: number; readonly sha256: readonly string[] }[];
let statuses: PeerStatuses;

beforeAll(async () => {
  ca = await issueAuthority('CA');
  leaf = await issueAuthentication(ca);
  good = await statusOf(leaf.certificate, ca);
  later = await statusOf(leaf.certificate, ca, { thisUpdate: new Date(noon.getTime() + 90 * minute) });
  revoked = await statusOf(leaf.certificate, ca, { status: { kind: 'revoked', at: noon } });
  configuration = configurationOf(instance('DEV', [approved(ca)], [leaf.certificate]));
});
beforeEach(() => {
  now = noon;
  asked = [];
  answer = async () => [good];
  statuses = new PeerStatuses({
    port: 5577,
    now: () => now,
    fetch: ({ host, port, certificates }) => {
      asked.push({ host, port, sha256: certificates.map(({ sha256 }) => sha256.toString('hex')) });
      return answer();
    },
  });
});

const complete = (changes: Partial<ShownEvidence> = {}) =>
  statuses.complete({
    chain: [leaf.certificate],
    stapled: [],
    party: subsystem,
    configuration,
    host: '192.0.2.7',
    ...changes,
  });
const refusal = (attempt: Promise<unknown>) =>
  attempt.then(
    () => [],
    (error: unknown) => {
      if (error instanceof Fault) return [...error.within, error.code];
      throw error;
    },
  );

describe('the statuses of a peer', () => {
  it('are asked for at the address that was connected to, once, and suffice for its verification', async () => {
    const found = await complete();
    expect(asked).toEqual([
      { host: '192.0.2.7', port: 5577, sha256: [leaf.certificate.sha256.toString('hex')] },
    ]);
    const question = { chain: [leaf.certificate], party: subsystem, configuration, at: now } as const;
    verifyAuthenticationPeer({ ...question, ocspResponses: found, anchorBy: 'leaf' });
    await complete({ host: '192.0.2.8' });
    expect(asked).toHaveLength(1);
  });

  it('are not asked for when a good one was stapled', async () => {
    expect(await complete({ stapled: [good] })).toEqual([good]);
    expect(asked).toEqual([]);
  });

  it('are asked for when what was stapled is of no use', async () => {
    expect(await complete({ stapled: [Buffer.from('x')] })).toContain(good);
    expect(asked).toHaveLength(1);
  });

  it('are asked for anew when those at hand have grown stale, or do under another configuration', async () => {
    await complete();
    now = new Date(noon.getTime() + 100 * minute);
    answer = async () => [later];
    expect(await complete()).toContain(later);
    expect(asked).toHaveLength(2);
    const shared = { ...instance('DEV', [approved(ca)], [leaf.certificate]), ocspFreshnessSeconds: 60 };
    await complete({ configuration: configurationOf(shared) });
    expect(asked).toHaveLength(3);
  });

  it('are asked for once by all who wait for them', async () => {
    let release: (responses: readonly Buffer[]) => void = () => undefined;
    answer = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const all = [complete(), complete(), complete()];
    release([good]);
    expect(await Promise.all(all)).toEqual([[good], [good], [good]]);
    expect(asked).toHaveLength(1);
  });

  it('that are not good are handed on to be refused, and not kept', async () => {
    answer = async () => [revoked];
    expect(await complete()).toEqual([revoked]);
    await complete();
    expect(asked).toHaveLength(2);
  });

  it('are not asked of a stranger, nor of a server of somebody else', async () => {
    const stranger = await issueAuthentication(ca);
    expect(await refusal(complete({ chain: [stranger.certificate] }))).toEqual(['SslAuthenticationFailed']);
    expect(await refusal(complete({ party: otherMember }))).toEqual(['SslAuthenticationFailed']);
    expect(await refusal(complete({ chain: [] }))).toEqual(['SslAuthenticationFailed']);
    expect(asked).toEqual([]);
  });

  it('that cannot be had make the peer unverified, and are asked for again', async () => {
    answer = () => Promise.reject(new Fault('NetworkError', 'closed'));
    expect(await refusal(complete())).toEqual(['SslAuthenticationFailed', 'NetworkError']);
    answer = async () => [good];
    expect(await complete()).toEqual([good]);
  });
});
