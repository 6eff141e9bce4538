import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const houses = ['certs', 'gateway', 'security-server', 'central-registry', 'pilot', 'bin', 'bench'].filter(
  (house) => existsSync(join(root, house)),
);

/** Which houses a house may import, besides itself. */
const mayImport: Record<string, readonly string[]> = {
  certs: [],
  gateway: ['certs'],
  'security-server': ['certs', 'gateway'],
  'central-registry': ['certs', 'gateway'],
  pilot: ['certs', 'gateway', 'security-server', 'central-registry'],
  bin: ['certs', 'gateway', 'security-server', 'central-registry', 'pilot'],
  bench: ['certs', 'gateway', 'security-server', 'central-registry', 'pilot'],
};

/** Rooms of `gateway`, ground floor first; a room imports only rooms before it. */
const floors = [
  'http',
  'store',
  'backup',
  'transparency',
  'journal',
  'people',
  'console',
  'first-start',
  'xml',
  'identifier',
  'fault',
  'message',
  'certificate-profile',
  'configuration',
  'trust',
  'signature',
  'evidence',
  'transport',
  'soap',
  'management',
  'joining',
  'ocsp-port',
  'road',
  'client-side',
  'provider-side',
];
const mechanism = ['http', 'store'];

interface Arrow {
  readonly from: string;
  readonly to: string;
}

const isTest = (file: string) => /\.test\.tsx?$|(^|\/)(journeys|testing)\//.test(file);
const files = houses.flatMap((house) =>
  readdirSync(join(root, house), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name))),
);
const arrows: Arrow[] = files.flatMap((from) =>
  [...readFileSync(join(root, from), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map(
    (match) => ({
      from,
      to: normalize(join(dirname(from), match[1] ?? '')),
    }),
  ),
);
const product = arrows.filter(({ from }) => !isTest(from));
const houseOf = (file: string) => file.split('/')[0] ?? '';
const roomOf = (file: string) => (file.split('/').length > 2 ? (file.split('/')[1] ?? '') : '');
const print = ({ from, to }: Arrow) => `${from} -> ${to}`;

describe('the arrows of the house', () => {
  it('finds files and imports to judge', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(product.length).toBeGreaterThan(100);
  });

  it('lead from a house only to those below it', () => {
    const wrong = product.filter(({ from, to }) => {
      const [a, b] = [houseOf(from), houseOf(to)];
      return a !== b && !mayImport[a]?.includes(b);
    });
    expect(wrong.map(print)).toEqual([]);
  });

  it('lead inside the gateway only downwards, and the language never imports the road', () => {
    const wrong = product.filter(({ from, to }) => {
      if (houseOf(from) !== 'gateway' || houseOf(to) !== 'gateway' || roomOf(from) === roomOf(to))
        return false;
      if (roomOf(from) === 'journeys') return false;
      const [a, b] = [floors.indexOf(roomOf(from)), floors.indexOf(roomOf(to))];
      return a < 0 || b < 0 || b >= a || mechanism.includes(roomOf(from));
    });
    expect(wrong.map(print)).toEqual([]);
  });

  it('keep the registry off the road', () => {
    const road = ['transport', 'ocsp-port', 'road', 'client-side', 'provider-side'];
    const wrong = product.filter(
      ({ from, to }) =>
        houseOf(from) === 'central-registry' && houseOf(to) === 'gateway' && road.includes(roomOf(to)),
    );
    expect(wrong.map(print)).toEqual([]);
  });

  it('enter a neighbouring room only through its face', () => {
    const wrong = product.filter(({ from, to }) => {
      if (houseOf(from) === houseOf(to) && roomOf(from) === roomOf(to)) return false;
      if (roomOf(to) === '') return false;
      return !to.endsWith('/index.ts') && !to.endsWith('/index.tsx');
    });
    expect(wrong.map(print)).toEqual([]);
  });

  it('run in no circle', () => {
    const next = groupByFrom(product);
    const state = new Map<string, 'open' | 'done'>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]) => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
        return;
      }
      state.set(file, 'open');
      for (const { to } of next.get(file) ?? []) visit(to, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of files.filter((name) => !isTest(name))) visit(file, []);
    expect(circles).toEqual([]);
  });
});

function groupByFrom(list: readonly Arrow[]): Map<string, Arrow[]> {
  const groups = new Map<string, Arrow[]>();
  for (const arrow of list) groups.set(arrow.from, [...(groups.get(arrow.from) ?? []), arrow]);
  return groups;
}
