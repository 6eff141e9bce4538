import type { Child } from 'hono/jsx';
import { describe, expect, it } from 'vitest';
import { drawIn, testVisit } from '../testing/visit.ts';
import { DataTable, viewTable } from './data-table.tsx';
import { Fingerprint } from './fingerprint.tsx';
import { Instant } from './instant.tsx';
import { Steps } from './steps.tsx';
import { toCsv } from './take-away.ts';

const columns = [
  { key: 'name', heading: 'Name', text: (row: { name: string; count: number }) => row.name },
  { key: 'count', heading: 'Count', text: (row: { name: string; count: number }) => String(row.count) },
];
const rows = [
  { name: 'Rivertown', count: 10 },
  { name: '<b>Äppelviken</b>', count: 9 },
  { name: 'zebra', count: 100 },
];

function table(query: string, more: object = {}) {
  const visit = testVisit(query);
  const view = viewTable(visit, { name: 't', caption: 'Towns', columns, rows, ...more });
  if (view instanceof Response) return { view, html: '' };
  return { view, html: drawIn(visit, () => DataTable({ view, empty: { title: 'none' } }) as Child) };
}

const names = (html: string) =>
  [...html.matchAll(/<th scope="row"[^>]*>(.*?)<\/th>/g)].map(([, name]) => name);

describe('a table', () => {
  it('writes what it is given as text', () => {
    expect(table('').html).toContain('&lt;b&gt;Äppelviken&lt;/b&gt;');
    expect(table('?t.search=%22%3E%3Cb%3E').html).not.toContain('<b>');
  });

  it('sorts numbers as numbers and names as the language does, either way', () => {
    expect(names(table('?t.sort=count').html)).toEqual([
      '&lt;b&gt;Äppelviken&lt;/b&gt;',
      'Rivertown',
      'zebra',
    ]);
    expect(names(table('?t.sort=-count').html)[0]).toBe('zebra');
    expect(table('?t.sort=-count').html).toContain('aria-sort="descending"');
    expect(names(table('?t.sort=nothing').html)).toHaveLength(3);
  });

  it('searches every word in every column, in any case', () => {
    expect(names(table('?t.search=ÄPPEL').html)).toHaveLength(1);
    expect(names(table('?t.search=river+10').html)).toEqual(['Rivertown']);
    expect(names(table('?t.search=river+11').html)).toEqual([]);
  });

  it('cuts pages, and leads to the next with the search kept', () => {
    const first = table('?t.sort=name&t.search=e', { pageSize: 2 });
    expect(names(first.html)).toHaveLength(2);
    const [, next = ''] =
      /href="([^"]+)"[^>]*rel="next"|rel="next"[^>]*href="([^"]+)"/.exec(first.html) ?? [];
    const href = (next || /rel="next" href="([^"]+)"/.exec(first.html)?.[1]) ?? '';
    expect(new URL(href.replaceAll('&amp;', '&'), 'http://x').searchParams.get('t.search')).toBe('e');
    expect(names(table('?t.cursor=2', { pageSize: 2 }).html)).toHaveLength(1);
    for (const cursor of ['-1', '1e99', 'x', '2.5']) table(`?t.cursor=${cursor}`, { pageSize: 2 });
  });

  it('is taken away as CSV and JSON, all that fits the search', async () => {
    const { view } = table('?t.take=csv&t.search=zebra', { pageSize: 1 });
    if (!(view instanceof Response)) throw new Error('no file');
    expect(view.headers.get('content-disposition')).toBe('attachment; filename="t.csv"');
    expect(Buffer.from(await view.arrayBuffer()).toString('utf8')).toBe('\uFEFFname,count\r\nzebra,100\r\n');
    const json = table('?t.take=json').view;
    expect(await (json as Response).json()).toHaveLength(3);
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '＝1', '\r=1'])(
    'does not run as a formula: %j',
    (text) => {
      expect(toCsv([{ key: 'a', text: () => text }], [0])).toMatch(/\r\n"?'/);
    },
  );

  it('keeps quotes, commas and line breaks in their cell', () => {
    expect(toCsv([{ key: 'a', text: () => 'x"y,\nz' }], [0])).toBe('\uFEFFa\r\n"x""y,\nz"\r\n');
  });
});

describe('parts of a page', () => {
  it('write an instant with its zone and age', () => {
    const html = drawIn(testVisit(''), () => Instant({ at: '2026-11-23T09:00:00.000Z' }) as Child);
    expect(html).toContain('datetime="2026-11-23T09:00:00.000Z"');
    expect(html).toContain('2026-11-23 09:00:00 UTC');
    expect(html).toContain('3 h ago');
    expect(drawIn(testVisit(''), () => Instant({ at: '2026-12-03T12:00:00Z' }) as Child)).toContain(
      'in 10 days',
    );
    expect(drawIn(testVisit(''), () => Instant({ at: '<i>' }) as Child)).toContain('&lt;i&gt;');
  });

  it('write a fingerprint in groups, and copy it whole', () => {
    const html = drawIn(
      testVisit(''),
      () => Fingerprint({ hex: 'ab:cd:ef:01', algorithm: 'SHA-224' }) as Child,
    );
    expect(html).toContain('ABCD EF01');
    expect(html).toContain('data-copy="ABCDEF01"');
  });

  it('say the state of a step in words', () => {
    const html = drawIn(testVisit(''), () => Steps({ steps: [{ title: 'One', state: 'current' }] }) as Child);
    expect(html).toContain('aria-current="step"');
    expect(html).toContain('Now');
  });
});
