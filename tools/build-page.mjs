/**
 * Builds the judging page: one HTML file with all it needs, which loads nothing and sends nothing.
 * Usage: `node tools/build-page.mjs FILE`.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = `${root}gateway/evidence/page/`;

/** What of Node has something that stands for it in a browser. */
const builtins = ['buffer', 'crypto', 'util', 'zlib'];
const refusing = 'refusing';

/** @type {import('esbuild').Plugin} */
const browserModules = {
  name: 'browser-modules',
  setup(builder) {
    // What the judge does not reach of its own modules is shaken out; what it does reach of Node refuses.
    builder.onResolve({ filter: /^[\w/:]+$/ }, ({ path }) => {
      if (!isBuiltin(path)) return undefined;
      return { path: path.replace(/^node:/, ''), namespace: refusing, sideEffects: false };
    });
    builder.onLoad({ filter: /.*/, namespace: refusing }, async ({ path }) => ({
      contents: await standInFor(path),
      resolveDir: root,
    }));
    // Modules of ours do nothing when they are loaded: those that the judge does not reach stay out.
    builder.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, resolveDir }) => ({
      path: fileURLToPath(new URL(path, `file://${resolveDir}/`)),
      sideEffects: false,
    }));
    // The messages of schemas in fifty languages; bundles are refused in English.
    builder.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      resolveDir: `${root}node_modules/zod/v4/locales`,
    }));
  },
};

/**
 * Source of a module with all names that Node's has. Those without a stand-in refuse when they are called: modules
 * import them for what they do elsewhere.
 * @param {string} name
 */
async function standInFor(name) {
  const file = `${page}browser/${name}.ts`;
  const known = builtins.includes(name) ? await exportsOf(file) : [];
  const names = Object.keys(await import(`node:${name}`)).filter(
    (one) => one !== 'default' && /^\w+$/.test(one) && !known.includes(one),
  );
  return [
    ...(known.length > 0 ? [`export * from ${JSON.stringify(file)};`] : []),
    "const refuse = (name) => () => { throw new Error('the judging page has no ' + name); };",
    ...names.map((one) => `export const ${one} = /* @__PURE__ */ refuse('${name}.${one}');`),
    'export default {};',
  ].join('\n');
}

/** @param {string} file */
async function exportsOf(file) {
  const { metafile } = await build({ entryPoints: [file], format: 'esm', write: false, metafile: true });
  return Object.values(metafile.outputs).flatMap((output) => output.exports);
}

/** @param {string} file where the page is put */
export async function buildPage(file) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`${page}main.ts`],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    charset: 'ascii',
    legalComments: 'none',
    inject: ['strict-schemas', 'buffer'].map((name) => `${page}browser/${name}.ts`),
    plugins: [browserModules],
    logLevel: 'warning',
  });
  const script = outputFiles[0]?.text.trim() ?? '';
  const style = readFileSync(`${page}page.css`, 'utf8');
  // The browser hashes what stands between the tags: nothing in it may end the element early.
  if (/<\/script|<!--/i.test(script) || /<\/style/i.test(style))
    throw new Error('markup inside script or style');
  const filled = [
    ['content=""', `content="${policy(script, style)}"`],
    ['<style></style>', `<style>${style}</style>`],
    ['<script></script>', `<script>${script}</script>`],
  ];
  const html = filled.reduce(fill, readFileSync(`${page}page.html`, 'utf8'));
  const notices = noticesOf(Object.keys(Object.values(metafile.outputs)[0]?.inputs ?? {}));
  writeFileSync(file, `${html}<!--\n${notices.replaceAll('--', '- -')}\n-->\n`);
}

/**
 * Licences of the packages that are in the page: they ask to be passed on with it.
 * @param {readonly string[]} inputs paths from the root
 */
function noticesOf(inputs) {
  const folders = inputs.flatMap((path) => path.match(/^node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []);
  return [...new Set(folders)]
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(`${root}${folder}/package.json`, 'utf8'));
      const text = readdirSync(`${root}${folder}`).find((one) => /^licen[cs]e/i.test(one));
      const terms = text === undefined ? '' : readFileSync(`${root}${folder}/${text}`, 'utf8').trim();
      return `${name} ${version} (${license})\n\n${terms}`.trim();
    })
    .join('\n\n');
}

/** Puts something where an empty thing stands, once. */
function fill(html, [empty, full]) {
  const [before, after, ...more] = html.split(empty);
  if (after === undefined || more.length > 0) throw new Error(`the page is to have ${empty} once`);
  return `${before}${full}${after}`;
}

/** Nothing but this very script and style; no network at all; and no markup out of data. */
function policy(script, style) {
  return [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "connect-src 'none'",
    "img-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

/** @param {string} text */
function hashOf(text) {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = process.argv[2];
  if (file === undefined) throw new Error('usage: node tools/build-page.mjs FILE');
  await buildPage(file);
}
