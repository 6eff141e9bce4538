import { describe, expect, it } from 'vitest';
import { type Column, printTable } from './print-table.ts';

type Row = readonly [id: string, count: number | null];
const columns: readonly Column<Row>[] = [
  { title: 'message id', value: ([id]) => id },
  { title: 'count', value: ([, count]) => count },
];

describe('a table', () => {
  it('aligns texts to the left and numbers to the right', () => {
    const rows: Row[] = [
      ['a', 7],
      ['a longer one', 1234567],
      ['none', null],
    ];
    expect(printTable(columns, rows).split('\n')).toEqual([
      'message id      count',
      'a                   7',
      'a longer one  1234567',
      'none',
      '',
    ]);
  });

  it('shows what would steer a terminal or hide, and lets it do neither', () => {
    const rows: Row[] = [['\u001b[2Jgone\r\n\u202Etxt\u200B', 1]];
    expect(printTable(columns, rows).split('\n')[1]).toBe('\uFFFD[2Jgone\uFFFD\uFFFD\uFFFDtxt\uFFFD      1');
  });
});
