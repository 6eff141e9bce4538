import { setImmediate } from 'node:timers/promises';

/** Reads that go over in one turn of the event loop: messages pass through the same process. */
export const recordsPerTurn = 50;

/** Lets everything else that waits go first. */
export async function nextTurn(): Promise<void> {
  await setImmediate();
}
