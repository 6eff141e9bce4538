import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('the judge needs nothing of Node that a browser could not be given: no files, no network, no processes', async () => {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL('judge.ts', import.meta.url))],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    plugins: [
      {
        name: 'modules without effects',
        setup: (bundler) => {
          // No module of ours does anything on import: what the judge does not call is left out.
          bundler.onResolve({ filter: /.*/ }, async ({ path, pluginData, ...from }) => {
            if (pluginData === 'resolved' || from.kind === 'entry-point') return undefined;
            const found = await bundler.resolve(path, { ...from, pluginData: 'resolved' });
            return { ...found, sideEffects: false };
          });
        },
      },
    ],
  });
  const used = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  expect([...new Set(used)].sort()).toEqual(['node:buffer', 'node:crypto', 'node:zlib']);
});
