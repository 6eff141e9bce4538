import type { Failure, Fault } from './calls.ts';
import type { World } from './world.ts';

/** A stretch of the life of records. */
export interface Scenario {
  /** What was there before, written while nothing fails. */
  prepare(world: World): Promise<void>;
  /** What is done while something fails. It ends as a crash does, unless it closes the log itself. */
  act(world: World): Promise<void>;
  /** Ids of messages that it wants erased. */
  readonly erases?: readonly string[];
  /** Faults that found something once: they come each time, the last of their kind. */
  readonly always?: readonly { readonly call: string; readonly path?: RegExp; readonly failure: Failure }[];
  /** Months that are archived leave the log after so many days. */
  readonly keepDays?: number;
}

/** In memory, and in a file of its own. */
const [small, large] = [[100], [3_000]];
/** The first tile of the tree is whole with the next few. */
const nearlyATile = 252;

export const scenarios = {
  /** A log is made: its keys, its first partition, its first record and checkpoint. */
  begin: {
    prepare: async () => undefined,
    act: async (world) => {
      await world.record('a', { bodies: small });
      await world.record('b', { bodies: large });
      await world.checkpoint();
      await world.record('c', { bodies: [...small, ...large] });
    },
  },
  /** Records and checkpoints, past the end of a tile. */
  record: {
    // It was found committed after the restart, its body removed.
    always: [{ call: 'fsync', path: /-wal$/, failure: 'error=EIO' }],
    prepare: (world) => fill(world),
    act: async (world) => {
      await world.record('a', { bodies: small });
      await world.record('b', { bodies: large });
      await world.checkpoint();
      await Promise.all([world.record('c', { bodies: small }), world.record('d', { side: 'provider' })]);
      await world.record('e', { bodies: large, service: 'silent' });
      await world.checkpoint();
      await world.record('f', { bodies: large });
    },
  },
  /** Timestamps of batches. */
  stamp: {
    prepare: (world) => fill(world),
    act: async (world) => {
      await world.stamp();
      await world.record('a', { bodies: small });
      await world.stamp();
      await world.close();
    },
  },
  /** Numbers between parties are told in tallies: with the first record of a day, and when asked. */
  tally: {
    prepare: (world) => recordFew(world),
    act: async (world) => {
      world.passDays(1);
      await world.record('x', { bodies: small });
      await world.attempt('tally', () => world.log.tallyNow());
      await world.record('y', { side: 'provider' });
      await world.checkpoint();
    },
  },
  /** The configuration that records name is kept, and taken back when none named it. */
  configuration: {
    prepare: (world) => recordFew(world),
    act: async (world) => {
      const unused = await world.renew(0);
      await world.renew(1);
      await world.attempt('discard', () => world.store.discard(unused));
      await world.record('x', { bodies: small });
      await world.checkpoint();
    },
  },
  /** Contents are erased, one message when asked and others when it is time. */
  erase: {
    erases: ['a', 'b', 'p', 'q'],
    prepare: async (world) => {
      await recordFew(world);
      await world.record('p', { bodies: large, service: 'brief' });
      await world.record('q', { bodies: small, service: 'brief' });
      await world.stamp();
    },
    act: async (world) => {
      await world.erase('a');
      await world.erase('b');
      world.passDays(2);
      await world.attempt('erase what is due', async () => {
        await world.log.eraseDue();
        for (const id of ['p', 'q']) world.tell({ kind: 'erased', id });
      });
      await world.record('x', { bodies: large });
      await world.checkpoint();
    },
  },
  /** What comes is sealed under a new key. */
  rotate: {
    prepare: (world) => recordFew(world),
    act: async (world) => {
      await world.attempt('rotate', () => world.log.rotateKey());
      await world.record('x', { bodies: large });
      await world.attempt('rotate', () => world.log.rotateKey());
      await world.record('y', { bodies: small });
      await world.checkpoint();
    },
  },
  /** A month begins while messages of the former wait for their timestamp. */
  month: {
    // The month stayed without a beginning, and the next began.
    always: [{ call: 'unlink', path: /-journal$/, failure: 'signal=KILL' }],
    prepare: async (world) => {
      await recordFew(world);
      await world.record('unstamped', { bodies: large });
    },
    act: async (world) => {
      world.passDays(31);
      await world.record('x', { bodies: small });
      await world.record('y', { bodies: large });
      await world.stamp();
      await world.close();
    },
  },
  /** What is stamped is archived. */
  archive: {
    prepare: (world) => recordFew(world),
    act: async (world) => {
      await world.archive();
      await world.record('x', { bodies: large });
      await world.stamp();
      await world.archive();
      await world.close();
    },
  },
  /** A month that is archived leaves the log, with its keys and bodies, and with what was in force then alone. */
  drop: {
    // The month was gone and its keys stayed.
    always: [{ call: 'unlink', failure: 'error=EIO' }],
    keepDays: 10,
    prepare: async (world) => {
      await world.renew(2);
      await recordFew(world);
      await world.renew(0);
      world.passDays(31);
      await world.record('x', { bodies: large });
      await world.stamp();
      await world.archive();
    },
    act: async (world) => {
      world.passDays(20);
      await world.archive(10);
      await world.record('y', { bodies: large });
      await world.checkpoint();
      await world.close();
    },
  },
} satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof scenarios;

export function scenarioOf(name: string): Scenario {
  const found = Object.entries(scenarios).find(([known]) => known === name)?.[1];
  if (found === undefined) throw new RangeError(`there is no scenario ${name}`);
  return found;
}

export function isAlways(scenario: Scenario, fault: Fault): boolean {
  if (fault.kind === 'size') return false;
  const { call, path = '' } = fault.position;
  return (scenario.always ?? []).some(
    (one) => one.call === call && one.failure === fault.failure && (one.path?.test(path) ?? path === ''),
  );
}

async function fill(world: World): Promise<void> {
  await Promise.all(Array.from({ length: nearlyATile }, (_, at) => world.record(`before-${at}`)));
  await world.record('before', { bodies: large });
  await world.checkpoint();
}

/** A few messages of either kind, stamped. */
async function recordFew(world: World): Promise<void> {
  await world.record('a', { bodies: large });
  await world.record('b', { bodies: small });
  await world.record('c', { bodies: [...large, ...small], side: 'provider' });
  await world.stamp();
  await world.checkpoint();
}
