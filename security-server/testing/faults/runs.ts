import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { before, type Fault, faultsIn, traced } from './calls.ts';
import type { FaultGround } from './ground.ts';
import type { ScenarioName } from './scenarios.ts';
import { type Told, toldIn } from './told.ts';

/** What became of one run and of the restart after it. */
export interface Outcome {
  readonly root: string;
  readonly told: readonly Told[];
  /** Whether the fault was met; of sizes that is not known. */
  readonly isHit: boolean;
  /** What strace saw. */
  readonly trace: string;
  readonly problems: readonly string[];
}

/** A run that hangs is ended; what it was told until then must be true nevertheless. */
const timeoutMs = 120_000;
/** Work on files is done by one thread, so that the same call is the same in each run. */
const environment = { ...process.env, UV_THREADPOOL_SIZE: '1' };

/** Runs of one scenario, each in a folder of its own that begins with the same. */
export class Runs {
  readonly #ground: FaultGround;
  readonly #name: ScenarioName;
  readonly #prepared: string;
  readonly #before: readonly Told[];

  private constructor(ground: FaultGround, name: ScenarioName, prepared: string, told: readonly Told[]) {
    this.#ground = ground;
    this.#name = name;
    this.#prepared = prepared;
    this.#before = told;
  }

  static async prepare(ground: FaultGround, name: ScenarioName): Promise<Runs> {
    const prepared = ground.copy();
    const { told } = await start([process.execPath, ground.program, 'prepare', name, prepared]);
    if (told.at(-1)?.kind !== 'done' || told.some(({ kind }) => kind === 'refused')) {
      throw new Error(`${name} could not be prepared: ${JSON.stringify(told)}`);
    }
    return new Runs(ground, name, prepared, told.slice(0, -1));
  }

  /** Everything that can fail, as a run shows it in which nothing fails, and what became of that. */
  async all(judge: Judge): Promise<{ readonly faults: readonly Fault[]; readonly outcome: Outcome }> {
    const root = this.#ground.copy(this.#prepared);
    const trace = join(dirname(root), 'trace');
    const strace = [
      'strace',
      '-f',
      '-y',
      '-qq',
      '-s',
      '0',
      '-o',
      trace,
      '--seccomp-bpf',
      '-e',
      `trace=${traced}`,
    ];
    const told = await this.#act(root, strace);
    return {
      faults: faultsIn(readFileSync(trace, 'utf8'), root),
      outcome: { root, told, isHit: false, trace: '', problems: await judge.judge(root, this.#name, told) },
    };
  }

  /** @param more calls that are traced beside the one that fails */
  async run(fault: Fault, judge: Judge, more: readonly string[] = []): Promise<Outcome> {
    const root = this.#ground.copy(this.#prepared);
    const trace = join(dirname(root), 'trace');
    const told = await this.#act(root, before(fault, root, trace, more));
    const seen = fault.kind === 'size' ? '' : readFileSync(trace, 'utf8');
    const isKilled = fault.kind === 'call' && fault.failure === 'signal=KILL' && told.at(-1)?.kind !== 'done';
    const isHit = fault.kind === 'size' || isKilled || seen.includes('INJECTED');
    return { root, told, isHit, trace: seen, problems: await judge.judge(root, this.#name, told) };
  }

  remove({ root }: Outcome): void {
    rmSync(dirname(root), { recursive: true });
  }

  async #act(root: string, inFront: readonly string[]): Promise<readonly Told[]> {
    const { told } = await start([
      ...inFront,
      process.execPath,
      this.#ground.program,
      'act',
      this.#name,
      root,
    ]);
    return [...this.#before, ...told];
  }
}

/** A process that starts again, one after another, what runs have left. */
export class Judge {
  readonly #process: ChildProcess;
  readonly #waiting: ((problems: string[]) => void)[] = [];

  constructor({ program }: FaultGround) {
    this.#process = spawn(process.execPath, [program, 'judge'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process.on('exit', () => {
      for (const answer of this.#waiting.splice(0)) answer(['the judge has ended']);
    });
    if (this.#process.stdout === null) throw new Error('the judge has an output');
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      this.#waiting.shift()?.(JSON.parse(line));
    });
  }

  judge(root: string, name: ScenarioName, told: readonly Told[]): Promise<string[]> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#process.stdin?.write(`${JSON.stringify({ root, name, told })}\n`);
    });
  }

  close(): void {
    this.#process.stdin?.end();
  }
}

function start(command: readonly string[]): Promise<{ readonly told: readonly Told[] }> {
  const [file = '', ...args] = command;
  return new Promise((resolve) => {
    execFile(
      file,
      args,
      { timeout: timeoutMs, killSignal: 'SIGKILL', env: environment, maxBuffer: 16 * 1024 * 1024 },
      (_error, output) => resolve({ told: toldIn(output) }),
    );
  });
}
