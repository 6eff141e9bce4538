import { execFileSync } from 'node:child_process';

/**
 * Journeys start the built program: it is built once, from the sources as they are, before the first of them.
 * WAYGATE_BUILT=1 says that `dist` is as wanted already.
 */
export default function setup(): void {
  if (process.env['WAYGATE_BUILT'] === '1') return;
  execFileSync(process.execPath, ['tools/build.mjs'], { stdio: 'inherit' });
}
