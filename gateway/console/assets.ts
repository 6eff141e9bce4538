import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** One file of a console: its name carries its hash, so that it may be kept for ever. */
export interface Asset {
  /** Path on the console's origin. */
  readonly path: string;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** As the header writes it. */
  readonly etag: string;
}

/** Stylesheets and scripts, in the order in which pages name them. */
export interface Assets {
  readonly styles: readonly Asset[];
  readonly scripts: readonly Asset[];
  readonly icon: Asset;
  /** Nothing else is served: no path reaches the disk. */
  find(path: string): Asset | undefined;
}

const types = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8', svg: 'image/svg+xml' };
type Extension = keyof typeof types;

/**
 * Reads the console's files once, at start: the design system's from its package, ours from the folder beside this
 * module, where the build puts them too.
 * @throws Error when one is missing: the installation is broken
 */
export function loadAssets(): Assets {
  const require = createRequire(import.meta.url);
  const own = (name: string) => readFileSync(new URL(`assets/${name}`, import.meta.url));
  const styles = [
    asset('theme', 'css', readFileSync(require.resolve('@digdir/designsystemet-css/theme.css'))),
    asset('designsystem', 'css', readFileSync(require.resolve('@digdir/designsystemet-css'))),
    asset('console', 'css', own('console.css')),
    asset('parts', 'css', own('parts.css')),
  ];
  const scripts = ['copy', 'ages', 'filter', 'live'].map((name) => asset(name, 'js', own(`${name}.js`)));
  const icon = asset('icon', 'svg', own('icon.svg'));
  const all = new Map([...styles, ...scripts, icon].map((one) => [one.path, one]));
  return { styles, scripts, icon, find: (path) => all.get(path) };
}

function asset(name: string, extension: Extension, content: Uint8Array): Asset {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
  return {
    path: `/assets/${name}-${hash}.${extension}`,
    type: types[extension],
    bytes: Uint8Array.from(content),
    etag: `"${hash}"`,
  };
}

/** @param ifNoneMatch header of the request */
export function assetResponse({ type, bytes, etag }: Asset, ifNoneMatch: string | undefined): Response {
  const headers = { etag, 'cache-control': 'public, max-age=31536000, immutable' };
  if (ifNoneMatch === etag) return new Response(null, { status: 304, headers });
  return new Response(bytes, { headers: { ...headers, 'content-type': type } });
}
