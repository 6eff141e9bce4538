/** What of the calls to the system a run makes on its data can fail, and how. */

/** A call that a run made on its data while nothing failed, by which it is found again in other runs. */
export interface Position {
  readonly call: string;
  /** The how manieth of its thread: on `path` if that is given, else of all. */
  readonly when: number;
  /** Absent where names are by chance. */
  readonly path?: string;
}

/** How a call fails, as strace says it. */
export type Failure = 'error=EIO' | 'error=ENOSPC' | 'error=EMFILE' | 'retval=0' | 'signal=KILL';

export type Fault =
  | { readonly kind: 'call'; readonly position: Position; readonly failure: Failure }
  /** Files may not grow beyond: the write that would is short, and the next fails. */
  | { readonly kind: 'size'; readonly octets: number };

/**
 * `retval=0` is a write that wrote nothing and says so, which is all of a short write that strace can do without lying;
 * those that write a part come from limits of the size. Writes that go on where the last ended (`write`) fail by such
 * limits alone: their thread does as many others that are no business of ours.
 */
const failures: Readonly<Record<string, readonly Failure[]>> = {
  pwrite64: ['error=EIO', 'error=ENOSPC', 'retval=0', 'signal=KILL'],
  fsync: ['error=EIO', 'signal=KILL'],
  fdatasync: ['error=EIO', 'signal=KILL'],
  openat: ['error=EIO', 'error=EMFILE', 'signal=KILL'],
  rename: ['error=EIO', 'signal=KILL'],
  unlink: ['error=EIO', 'signal=KILL'],
  ftruncate: ['error=EIO', 'signal=KILL'],
  mkdir: ['error=ENOSPC', 'signal=KILL'],
};

/** Calls to trace, also where the machine knows some by another name. */
export const traced = [...Object.keys(failures).map((call) => `?${call}`), 'write'].join(',');

/** Folders of the log, of archives and of bodies on their way. */
const dataFolders = /^\/(messages|archive|target|spool)(\/|$)/;
/** Those that are opened to be synced. What is opened for reading alone does not count. */
const syncedFolders =
  /^\/(messages(\/(bodies|partitions|configurations(\/(files|snapshots))?))?|target|archive(\/outgoing)?)$/;
/** Part of a name that is another in each run. */
const byChance = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\/mlog-/;

/**
 * Everything that can fail in a run, from what strace wrote of it (`-f -y`).
 * @param root folder of the run; positions have paths below it
 */
export function faultsIn(trace: string, root: string): Fault[] {
  const seen = new Map<string, number>();
  const count = (key: string) => {
    const next = (seen.get(key) ?? 0) + 1;
    seen.set(key, next);
    return next;
  };
  const positions = new Map<string, Position>();
  const sizes = new Set<number>();
  const written = new Map<string, number>();
  for (const line of trace.split('\n')) {
    const [, thread, call = '', rest = ''] = /^(\d+) +(\w+)\((.*)$/.exec(line) ?? [];
    if (thread === undefined) continue;
    const nth = count(`${thread} ${call}`);
    const paths = pathsIn(rest).flatMap((path) => (path.startsWith(root) ? [path.slice(root.length)] : []));
    // Of a call with two paths strace looks at the first alone.
    const named =
      call === 'rename' ? undefined : paths.find((path) => dataFolders.test(path) && !byChance.test(path));
    const other = paths.find((path) => dataFolders.test(path));
    if (other === undefined) continue;
    const size = sizeOf(call, rest, other, written);
    if (size !== undefined) sizes.add(size);
    const nthThere = named === undefined ? nth : count(`${thread} ${call} ${named}`);
    if (failures[call] === undefined || (call === 'openat' && isForReading(rest, other))) continue;
    const position = { call, when: nthThere, ...(named !== undefined && { path: named }) };
    positions.set(`${call} ${named} ${nthThere}`, position);
  }
  return [
    ...[...positions.values()].flatMap((position) =>
      (failures[position.call] ?? []).map((failure): Fault => ({ kind: 'call', position, failure })),
    ),
    ...[...sizes].sort((a, b) => a - b).map((octets): Fault => ({ kind: 'size', octets })),
  ];
}

function isForReading(rest: string, path: string): boolean {
  if (/O_WRONLY|O_RDWR|O_CREAT/.test(rest)) return false;
  return rest.includes('O_DIRECTORY') || !syncedFolders.test(path);
}

/** A size in the middle of what a call writes. */
function sizeOf(call: string, rest: string, path: string, written: Map<string, number>): number | undefined {
  if (call === 'pwrite64') {
    const [, octets, from] = /, (\d+), (\d+)(?:\)| <)/.exec(rest) ?? [];
    return octets === undefined ? undefined : Number(from) + (Number(octets) >> 1);
  }
  if (call !== 'write') return undefined;
  const octets = Number(/, (\d+)(?:\)| <)/.exec(rest)?.[1] ?? 0);
  const from = written.get(path) ?? 0;
  written.set(path, from + octets);
  return from + (octets >> 1);
}

/** Of open files, and as arguments. */
function pathsIn(rest: string): string[] {
  return [...rest.matchAll(/\d<(\/[^>]*?)(?: \(deleted\))?>|"(\/[^"]*)"/g)].map(
    ([, open, argument]) => open ?? argument ?? '',
  );
}

/** What is put before a command so that it meets a fault. @param into file for what strace saw of it */
export function before(fault: Fault, root: string, into: string, more: readonly string[]): string[] {
  if (fault.kind === 'size') return ['prlimit', `--fsize=${fault.octets}`];
  const { failure } = fault;
  const { call, when, path } = fault.position;
  return [
    ...['strace', '-f', '-qq', '-o', into],
    // Quicker by much; but where a filter stops a call, strace gives no signal.
    ...(failure === 'signal=KILL' ? [] : ['--seccomp-bpf']),
    ...(path === undefined ? [] : ['-P', `${root}${path}`]),
    ...['-e', `trace=${[call, ...more].join(',')}`, '-e', `inject=${call}:${failure}:when=${when}`],
  ];
}

export function describeFault(fault: Fault): string {
  if (fault.kind === 'size') return `no file above ${fault.octets} octets`;
  const { call, when, path } = fault.position;
  return `${call} ${when}${path === undefined ? '' : ` of ${path}`}: ${fault.failure}`;
}

/**
 * Some of many: one of each kind of call on each kind of file in turn, those that write and sync before those that open
 * and make, each time another by chance that a seed decides.
 * @param wanted how many
 */
export function select(all: readonly Fault[], wanted: number, seed: number): readonly Fault[] {
  if (wanted >= all.length) return all;
  const random = randomFrom(seed);
  const kinds = new Map<string, Fault[]>();
  for (const fault of all) {
    const kind = kindOf(fault);
    kinds.set(kind, [...(kinds.get(kind) ?? []), fault]);
  }
  const [writing, others] = [true, false].map((isWriting) =>
    shuffle(
      [...kinds]
        .filter(([kind]) => !/^(openat|mkdir)/.test(kind) === isWriting)
        .map(([, faults]) => shuffle(faults, random)),
      random,
    ),
  );
  const chosen: Fault[] = [];
  const takeFrom = (groups: readonly Fault[][], until: number) => {
    for (let isMore = true; isMore && chosen.length < until; ) {
      isMore = false;
      for (const group of groups) {
        const fault = chosen.length < until ? group.pop() : undefined;
        if (fault === undefined) continue;
        chosen.push(fault);
        isMore = true;
      }
    }
  };
  takeFrom(writing ?? [], Math.ceil((wanted * 4) / 5));
  takeFrom(others ?? [], wanted);
  takeFrom(writing ?? [], wanted);
  return chosen;
}

function kindOf(fault: Fault): string {
  if (fault.kind === 'size') return 'size';
  const { call, path } = fault.position;
  return `${call} ${path?.replace(/\d+|[0-9a-f]{64}/g, '#') ?? ''}`;
}

function shuffle<One>(all: readonly One[], random: () => number): One[] {
  return all
    .map((one) => [random(), one] as const)
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one);
}

/** Mulberry32: the same numbers from 0 to 1 for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
