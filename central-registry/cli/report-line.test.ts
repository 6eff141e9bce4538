import { describe, expect, it } from 'vitest';
import { reportLine } from './report-line.ts';

const at = new Date('2026-11-28T12:00:00Z');

describe('log injection', () => {
  it('is one line whatever an error says, and its stack, and its cause', () => {
    const forged =
      'x\r\n2026-11-28T12:00:00.000Z - the registry was stopped\u2028\u2029\u0085\u202e\u001b[2J';
    const error = new Error(forged, { cause: new Error(forged) });
    for (const one of [error, forged, { toString: () => forged }]) {
      const line = reportLine(at, one, 'reference');
      expect(line).toMatch(/^2026-11-28T12:00:00\.000Z reference [^\p{C}\p{Zl}\p{Zp}]*\n$/u);
      expect(line).toContain('x\\u{d}\\n2026');
    }
    expect(reportLine(at, error, undefined)).toMatch(
      /^\S+ - Error: x.*report-line\.test.*; caused by Error: x/,
    );
  });
});
