import { execFileSync } from 'node:child_process';

/** Journeys start the built program: it is built once, from the sources as they are, before the first of them. */
export default function setup(): void {
  execFileSync(process.execPath, ['tools/build.mjs'], { stdio: 'inherit' });
}
