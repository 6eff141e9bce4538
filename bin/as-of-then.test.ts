import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type GlobalConfiguration, readSnapshot } from '../gateway/configuration/index.ts';
import {
  type BundleConfiguration,
  type BundleContent,
  namingOf,
  type Verdict,
  writeBundle,
  writeOwnArchive,
} from '../gateway/evidence/index.ts';
import { TestLog, type TestMessage } from '../gateway/evidence/testing/test-log.ts';
import { createWorld, signSnapshot, type World, withTsasOf } from '../gateway/evidence/testing/world.ts';
import { writeArchive } from '../gateway/signature/index.ts';
import { alice, signedAt } from '../gateway/signature/testing/pki.ts';
import { judgeFiles } from './judge-files.ts';

/**
 * Evidence as of then: what expired or was revoked later does not undo what was true, and what was not true then stays
 * so. Every cell is judged through the function that `waygate audit verify` calls, from files, under three clocks.
 */
const clocks = ['2026-03-01T11:00:00Z', '2036-03-01T11:00:00Z', '2050-01-01T00:00:00Z'];

const hour = 3_600_000;
const before = new Date('2026-01-01T00:00:00Z');
const later = new Date('2027-01-01T00:00:00Z');
const ec = { type: 'ec', curve: 'P-256' } as const;

let root: string;
let world: World;
let stranger: World;
/** Of the registry, once it had put the stranger's timestamping authority in the place of the first. */
let next: BundleConfiguration;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'waygate-then-'));
  [world, stranger] = await Promise.all([createWorld(), createWorld()]);
  const configuration = withTsasOf(world.pki.configuration, stranger.pki.configuration);
  next = await signSnapshot({ configuration }, world.registry, new Date('2040-01-01T00:00:00Z'));
});
afterAll(() => rmSync(root, { recursive: true }));
afterEach(() => {
  vi.useRealTimers();
});

interface Evidence {
  readonly content: BundleContent;
  /** The same exchange, as a stretch of the log that is archived. */
  readonly archived: BundleContent;
  /** Given to the judge of what does not bring its own; and of the others, too, where `isForced`. */
  readonly configuration: GlobalConfiguration;
  readonly isForced?: boolean;
}

/** One exchange, its request as told. */
async function exchanged(
  message: Partial<TestMessage> = {},
  { at = signedAt, by = world }: { readonly at?: Date; readonly by?: World } = {},
): Promise<Evidence> {
  const log = await TestLog.create(by);
  const written = await write(log, message, at);
  await log.stamp(at);
  return take(log, written);
}

interface Written {
  readonly indices: readonly number[];
  readonly tallies: readonly [number, number];
}

async function write(log: TestLog, message: Partial<TestMessage>, at: Date): Promise<Written> {
  const first = log.tally(at);
  const indices = await log.exchange({ queryId: 'DEV-1', at, ...message });
  return { indices, tallies: [first, log.tally(at)] };
}

function take(
  log: TestLog,
  { indices, tallies }: Written,
  more: Pick<NonNullable<Parameters<TestLog['bundle']>[2]>, 'witnesses' | 'beside'> = {},
): Evidence {
  const content = log.bundle({ kind: 'exchange', queryId: 'DEV-1' }, indices, more);
  const [from, to] = tallies;
  const stretch = { kind: 'archive', grouping: 'none', group: '', from, to } as const;
  const archived = log.bundle(stretch, indices, { ...more, tallies });
  const snapshot = content.configurations.find(({ id }) => readId(content) === id);
  return { content, archived, configuration: readSnapshot(snapshot?.files ?? []).configuration };
}

/** Of the configuration that the first record names. */
function readId({ records: [first] }: BundleContent): string | undefined {
  return first && namingOf(first)?.configuration;
}

/** Stamped by the authority that the registry put in the place of the first, once the exchange had been recorded. */
async function replaced(
  message: Partial<TestMessage>,
  goOn: (log: TestLog) => Parameters<typeof take>[2],
): Promise<Evidence> {
  const log = await TestLog.create(world);
  const written = await write(log, message, signedAt);
  await log.stamp(signedAt, stranger.pki);
  return {
    ...take(log, written, goOn(log)),
    configuration: withTsasOf(world.pki.configuration, stranger.pki.configuration),
  };
}

/** Codes of the first thing that is wrong; null where all is good. */
interface Row {
  readonly what: string;
  readonly make: () => Promise<Evidence>;
  readonly bundle: string | null;
  readonly container: string | null;
  /** As X-Road makes them. */
  readonly archive: string | null;
  /** With the evidence in it. */
  readonly ownArchive: string | null;
}

const all = (code: string | null) => ({ bundle: code, container: code, archive: code, ownArchive: code });
/** Of what brings its own configurations, and of what is judged by the one that is given. */
const each = (own: string | null, given: string | null) => ({
  ...{ bundle: own, container: given, archive: given, ownArchive: own },
});

const rows: readonly Row[] = [
  { what: 'all good', make: () => exchanged(), ...all(null) },
  {
    what: 'the certification authority expired later',
    make: async () => exchanged({}, { by: await createWorld({ ca: later }) }),
    ...all(null),
  },
  {
    what: 'the certification authority had expired before',
    make: async () => exchanged({}, { by: await createWorld({ ca: before }) }),
    ...all('incorrect_validation_info'),
  },
  {
    what: 'the timestamping authority expired later',
    make: async () => exchanged({}, { by: await createWorld({ tsa: later }) }),
    ...all(null),
  },
  {
    what: 'the timestamping authority had expired before it stamped',
    make: async () => exchanged({}, { by: await createWorld({ tsa: before }) }),
    ...all('malformed_signature'),
  },
  {
    what: 'all authorities had expired when it was stamped',
    make: async () => {
      const configuration = await world.snapshot(new Date('2060-01-01T00:00:00Z'));
      return exchanged({ configuration }, { at: new Date('2041-01-01T00:00:00Z') });
    },
    ...all('malformed_signature'),
  },
  {
    what: 'the certificate had been revoked before it signed',
    make: async () => exchanged({ signer: await world.pki.issueTo(alice, ec, { status: 'revoked' }) }),
    ...all('cert_validation'),
  },
  {
    what: 'the status of the certificate is from long before',
    make: async () => {
      const thisUpdate = new Date(signedAt.getTime() - 3 * hour);
      return exchanged({ signer: await world.pki.issueTo(alice, ec, { thisUpdate }) });
    },
    ...all('incorrect_validation_info'),
  },
  {
    what: 'the status of the certificate is from long after',
    make: async () => {
      const thisUpdate = new Date(signedAt.getTime() + 3 * hour);
      return exchanged({ signer: await world.pki.issueTo(alice, ec, { thisUpdate }) });
    },
    ...all('incorrect_validation_info'),
  },
  {
    what: 'the certificate is of an authority that was not approved',
    make: async () => exchanged({ signer: await stranger.pki.issueTo(alice) }),
    ...all('cannot_create_cert_path'),
  },
  {
    what: 'the stamp is of an authority that was not approved',
    make: () => exchanged({}, { by: { ...world, pki: { ...world.pki, stamp: stranger.pki.stamp } } }),
    ...all('malformed_signature'),
  },
  {
    what: 'the authorities were replaced later, and their configuration of today is given instead',
    make: async () => {
      const { files } = await stranger.snapshot();
      const { configuration } = readSnapshot(files);
      return { ...(await exchanged()), configuration, isForced: true };
    },
    ...all('malformed_signature'),
  },
  {
    what: 'the configuration had expired when it was recorded',
    make: async () => exchanged({ configuration: await world.snapshot(new Date(signedAt.getTime() - hour)) }),
    // Who gives a configuration says that it counted.
    ...each('global_conf_outdated', null),
  },
  {
    what: 'the configuration expired a second later',
    make: async () => exchanged({ configuration: await world.snapshot(new Date(signedAt.getTime() + 1000)) }),
    ...all(null),
  },
  {
    what: 'the configuration is of another instance of the same name',
    make: async () => exchanged({ configuration: await stranger.snapshot() }),
    ...all('malformed_signature'),
  },
  {
    what: 'the timestamping authority was replaced between record and stamp, and the log says so',
    make: () => replaced({}, (log) => ({ witnesses: [log.tally(signedAt, next)] })),
    ...all(null),
  },
  {
    what: 'the timestamping authority was replaced between record and stamp, which only the file says',
    make: () => replaced({}, () => ({ beside: [next] })),
    ...each('configuration-unknown', null),
  },
  {
    what: 'the stamp is of an authority that was approved of only later',
    make: async () => {
      const evidence = await replaced({}, (log) => {
        log.tally(signedAt);
        return { witnesses: [log.tally(later, next)] };
      });
      return { ...evidence, configuration: world.pki.configuration };
    },
    ...each('configuration-unknown', 'malformed_signature'),
  },
  {
    what: 'who keeps the log has it name a configuration of his own, with an authority of his own',
    make: async () => {
      const own = await stranger.snapshot();
      const evidence = await replaced({}, (log) => ({ witnesses: [log.tally(signedAt, own)] }));
      return { ...evidence, configuration: world.pki.configuration };
    },
    ...each('configuration-unknown', 'malformed_signature'),
  },
  {
    what: 'the certificate is of an authority that was approved of between record and stamp',
    make: async () => {
      const both = await signSnapshot(stranger.pki, world.registry, later);
      const signer = await stranger.pki.issueTo(alice);
      return replaced({ signer }, (log) => ({ witnesses: [log.tally(signedAt, both)] }));
    },
    ...all('cannot_create_cert_path'),
  },
];

interface Verdicts {
  readonly bundle: string | null;
  readonly container: string | null;
  readonly archive: string | null;
  readonly ownArchive: string | null;
}

/** Writes one exchange in each form, and has each judged. */
async function judge({ content, archived, configuration, isForced = false }: Evidence): Promise<Verdicts> {
  const [request] = content.records;
  const container = request?.container ?? Buffer.alloc(0);
  const file = (name: string, bytes: Buffer) => {
    writeFileSync(join(root, name), bytes);
    return join(root, name);
  };
  const { bytes: archive } = writeArchive([{ name: 'DEV-1-request.asice', bytes: container }]);
  const trust = isForced ? { configuration } : {};
  const { bundles } = await judgeFiles([file('one.evidence.zip', writeBundle(content))], trust);
  const own = await judgeFiles([file('own.zip', writeOwnArchive(archived).bytes)], trust);
  const single = await judgeFiles([file('one.asice', container)], { configuration });
  const foreign = await judgeFiles([file('one.zip', archive)], { configuration });
  expect([foreign.linking, own.linking]).toMatchObject([{ valid: true }, { valid: true }]);
  expect([bundles, single.results, foreign.results, own.bundles].map((found) => found.length)).toEqual([
    1, 1, 1, 1,
  ]);
  return {
    bundle: codeOf(bundles[0]?.verdict),
    container: codeOf(single.results[0]),
    archive: codeOf(foreign.results[0]),
    ownArchive: codeOf(own.bundles[0]?.verdict),
  };
}

function codeOf(verdict: Pick<Verdict, 'valid' | 'code'> | undefined): string | null {
  if (verdict === undefined) return 'none';
  expect(verdict.valid).toBe(verdict.code === null);
  return verdict.code;
}

describe('as of then', () => {
  it.each(rows.map((row) => [row.what, row] as const))(
    '%s: each form gets its verdict, whatever the clock says',
    async (_what, row) => {
      const { make, what: _, ...verdicts } = row;
      const evidence = await make();
      for (const clock of clocks) {
        vi.useFakeTimers({ now: new Date(clock), toFake: ['Date'] });
        expect({ clock, ...(await judge(evidence)) }).toEqual({ clock, ...verdicts });
      }
    },
  );

  it('a certificate that was revoked later: what it signed before is good, what it signed after is not', async () => {
    const certified = await world.pki.issueTo(alice);
    const revoked = await world.pki.withStatus(certified, {
      status: 'revoked',
      thisUpdate: new Date(later.getTime() - 60_000),
    });
    expect(revoked.certificate).toBe(certified.certificate);
    const log = await TestLog.create(world);
    const early = await log.exchange({ queryId: 'DEV-1', at: signedAt, signer: certified });
    await log.stamp(signedAt);
    const [late] = await log.exchange({ queryId: 'DEV-2', at: later, signer: revoked });
    await log.stamp(later);
    const content = log.bundle({ kind: 'case', title: 'both' }, [...early, late]);
    const containers = content.records.map(({ container }) => container ?? Buffer.alloc(0));
    const [first = '', , second = ''] = containers.map((bytes, at) => {
      writeFileSync(join(root, `${at}.asice`), bytes);
      return join(root, `${at}.asice`);
    });
    writeFileSync(join(root, 'both.evidence.zip'), writeBundle(content));
    const { configuration } = readSnapshot(content.configurations[0]?.files ?? []);
    for (const clock of clocks) {
      vi.useFakeTimers({ now: new Date(clock), toFake: ['Date'] });
      const { bundles } = await judgeFiles([join(root, 'both.evidence.zip')], {});
      const bad = bundles[0]?.verdict.steps.filter(({ state }) => state === 'bad');
      expect(bad?.map(({ about, code }) => `${code} at ${about}`)).toEqual([
        `cert_validation at records/${late}`,
      ]);
      // In either order: nothing that the judge remembers of the certificate changes a verdict.
      for (const files of [
        [first, second],
        [second, first],
      ]) {
        const { results } = await judgeFiles(files, { configuration });
        const codes = new Map(results.map(({ file, code }) => [file, code]));
        expect([codes.get(first), codes.get(second)]).toEqual([null, 'cert_validation']);
      }
    }
  });
});
