import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { causes } from '../security-server/diagnostics/index.ts';
import { diagnosesFile, diagnosesPage } from './diagnoses-page.ts';

const folder = 'security-server/diagnostics';
const codes = Object.keys(causes);

describe('the page of diagnoses', () => {
  it('is what `npm run diagnoses` makes of the table that the program uses', () => {
    expect(readFileSync(diagnosesFile, 'utf8')).toBe(diagnosesPage());
  });

  it('has thirty causes and more, each in its own words, in both languages', () => {
    expect(codes.length).toBeGreaterThanOrEqual(30);
    for (const language of ['en', 'de'] as const) {
      const told = Object.values(causes).map(({ cause }) => cause[language]);
      expect(new Set(told).size).toBe(codes.length);
    }
  });
});

describe('the tests of diagnoses', () => {
  it('make each cause real: a title names it, and an assertion sees its code', () => {
    const tests = readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => readFileSync(`${folder}/${name}`, 'utf8'))
      .join('\n');
    const titles = [...tests.matchAll(/\bit\('([^']+)'/g)].map(([, title]) => title).join('\n');
    const isNamed = (code: string) => new RegExp(`(?<![a-z-])${code}(?![a-z-])`).test(titles);
    const isSeen = (code: string) => new RegExp(`'${code}(?: warns)?'`).test(tests);
    expect(codes.filter((code) => !isNamed(code) || !isSeen(code))).toEqual([]);
  });
});
