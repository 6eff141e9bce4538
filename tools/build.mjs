/**
 * Compiles the sources to `dist/`, makes the command executable, and puts what they need beside them: the files of the
 * consoles, and the judging page `dist/judge.html`.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { buildPage } from './build-page.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = createRequire(import.meta.url)
  .resolve('typescript/package.json')
  .replace(/package\.json$/, 'bin/tsc');

// Built aside and put in place at once: what runs from dist/ meanwhile does not lose its ground.
const aside = `${root}dist.new`;
rmSync(aside, { recursive: true, force: true });
const args = [compiler, '-p', 'tsconfig.build.json', '--outDir', aside];
execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
// What the consoles serve besides their pages: read at start, from beside the compiled code.
cpSync(`${root}gateway/console/assets`, `${aside}/gateway/console/assets`, { recursive: true });
await buildPage(`${aside}/judge.html`);
chmodSync(`${aside}/bin/waygate.js`, 0o755);
rmSync(`${root}dist`, { recursive: true, force: true });
renameSync(aside, `${root}dist`);
