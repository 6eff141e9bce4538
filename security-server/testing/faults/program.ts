/**
 * A program whose writes a test lets fail. `prepare SCENARIO DIR` and `act SCENARIO DIR` do a part of a scenario in a
 * folder and say on the output what they were told is done; `judge` starts again what was left in the folders that its
 * input names, and answers each line with what is not as it must be.
 */
import { writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { judge } from './judge.ts';
import { scenarioOf } from './scenarios.ts';
import type { Told } from './told.ts';
import { World } from './world.ts';

/** More than the main thread has opened by then: who counts the files that this thread opens, counts past those. */
const idleOpenings = 200;

const [part, name = '', root = ''] = process.argv.slice(2);
const tell = (told: Told) => {
  writeSync(1, `${JSON.stringify(told)}\n`);
};
if (part === 'judge') {
  for await (const line of createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line) as { root: string; name: string; told: Told[] };
    const problems = await judge(asked.root, asked.name, asked.told).catch((error: unknown) => [
      `it does not start again: ${error instanceof Error ? error.stack : String(error)}`,
    ]);
    writeSync(1, `${JSON.stringify(problems)}\n`);
  }
} else {
  for (let count = 0; count < idleOpenings; count += 1) await (await open('/dev/null')).close();
  const scenario = scenarioOf(name);
  const world = await World.open(root, tell);
  await (part === 'prepare' ? scenario.prepare(world) : scenario.act(world));
  if (part === 'prepare') {
    await world.close();
    // What was prepared then lies in its databases: moving it there is not what the scenario is about.
    await (await World.open(root, () => undefined)).close();
  }
  tell({ kind: 'done' });
  // As a crash ends: nothing is closed that the scenario did not close itself.
  process.exit(0);
}
