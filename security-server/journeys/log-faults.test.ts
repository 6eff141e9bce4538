import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeFault, type Fault, select } from '../testing/faults/calls.ts';
import { type FaultGround, layGround } from '../testing/faults/ground.ts';
import { Judge, type Outcome, Runs } from '../testing/faults/runs.ts';
import { isAlways, type ScenarioName, scenarioOf, scenarios } from '../testing/faults/scenarios.ts';
import { pin } from '../testing/trust-services.ts';

/**
 * Each call by which a record comes to the disk, or leaves it, fails in turn; the answer is a refusal or nothing, and
 * after a restart every message that was acknowledged is there, whole and provable, and `waygate audit fsck` is clean.
 */
const waygate = fileURLToPath(new URL('../../dist/bin/waygate.js', import.meta.url));
const has = (command: string) => spawnSync(command, ['-V']).status === 0;
const hasTools = has('strace') && has('prlimit');
/** Faults of each scenario, spread over all: `all` lets every one come in turn, which takes an hour and a half. */
const asked = process.env['WAYGATE_FAULTS'] ?? '5';
const wantedOfEach = asked === 'all' ? Number.POSITIVE_INFINITY : Number(asked);
/** Of some scenarios there are a thousand. */
const timeout = asked === 'all' ? 0 : 180_000;
const seed = Number(process.env['WAYGATE_FAULTS_SEED'] ?? 4);
const only = process.env['WAYGATE_FAULTS_OF']?.split(',');
const names = (Object.keys(scenarios) as ScenarioName[]).filter((name) => only?.includes(name) ?? true);

describe.skipIf(!hasTools)(`a disk that fails, by seed ${seed} (needs strace and prlimit)`, () => {
  let ground: FaultGround;
  let judges: readonly [Judge, Judge];

  beforeAll(async () => {
    ground = await layGround();
    judges = [new Judge(ground), new Judge(ground)];
    writeFileSync(join(ground.base, 'pin'), `${pin}\n`);
  });
  afterAll(async () => {
    for (const judge of judges) judge.close();
    await ground.close();
  });

  it.each(names)('at any call of the scenario `%s`', { timeout }, async (name) => {
    const runs = await Runs.prepare(ground, name);
    const { faults, outcome } = await runs.all(judges[0]);
    expect(outcome.problems).toEqual([]);
    expect(outcome.told.filter(({ kind }) => kind === 'refused')).toEqual([]);
    expect(await fsck(outcome.root)).toMatch(/\nclean\n$/);
    const again = faults.findLast((fault) => isAlways(scenarioOf(name), fault));
    const chosen = [...select(faults, wantedOfEach, seed), ...(again === undefined ? [] : [again])];
    const unmet: string[] = [];
    const found: Record<string, readonly string[]> = {};
    let hits = 0;
    let last: Outcome | undefined;
    const queue = [...chosen];
    const work = async (judge: Judge) => {
      for (let fault = queue.shift(); fault !== undefined; fault = queue.shift()) {
        const after = await runs.run(fault, judge);
        if (after.problems.length > 0) {
          found[describeFault(fault)] = after.problems;
          console.info(`${name}, ${describeFault(fault)}: ${after.problems.join('; ')}`);
        }
        hits += after.isHit ? 1 : 0;
        if (!after.isHit) unmet.push(describeFault(fault));
        if (last !== undefined) runs.remove(last);
        last = after;
        const left = queue.length;
        if (left > 0 && left % 100 === 0) console.info(`${name}: ${left} of ${chosen.length} faults to come`);
      }
    };
    await Promise.all(judges.map(work));
    console.info(
      `${name}: ${hits} of ${chosen.length} faults were met, ${faults.length} there are; ${unmet.join(', ')}`,
    );
    expect(found).toEqual({});
    expect(hits, unmet.join(', ')).toBeGreaterThanOrEqual(chosen.length * 0.7);
    // The command itself, once after a fault, too.
    expect(await fsck(last?.root ?? '')).toMatch(/\nclean\n$/);
  });

  it('that could not sync hashes of the tree gets them again before they are signed for', async () => {
    const position = { call: 'fsync', path: '/messages/tree/0', when: 1 };
    const fault: Fault = { kind: 'call', position, failure: 'error=EIO' };
    const runs = await Runs.prepare(ground, 'record');
    const { trace, problems } = await runs.run(fault, judges[0], ['pwrite64']);
    expect(problems).toEqual([]);
    const calls = [...trace.matchAll(/ (pwrite64|fsync)\(.*?(INJECTED)?\)?$/gm)].map(
      ([, call, injected]) => `${call}${injected === undefined ? '' : ' fails'}`,
    );
    const failed = calls.indexOf('fsync fails');
    expect(failed).toBeGreaterThanOrEqual(0);
    // The system may have let go of what it could not write, and says so once.
    expect(calls.slice(failed + 1)[0]).toBe('pwrite64');
  });

  /** The command as a process of its own. */
  function fsck(root: string): Promise<string> {
    return new Promise((resolve) => {
      const args = [waygate, 'audit', 'fsck', root, '--pin-file', join(ground.base, 'pin')];
      execFile(process.execPath, args, (error, out, err) =>
        resolve(error === null ? out : `exit ${error.code}: ${out}${err}`),
      );
    });
  }
});
