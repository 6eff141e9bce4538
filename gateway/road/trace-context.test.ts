import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTraceContext, writeTraceContext } from './trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';
const good = `00-${traceId}-${parentId}-01`;

describe('a trace context', () => {
  it('is read with its state, and written as it was read', () => {
    const context = readTraceContext({ traceparent: good, tracestate: 'city=1,other=x' });
    expect(context).toEqual({ traceId, parentId, isSampled: true, state: 'city=1,other=x' });
    if (context === undefined) throw new Error('it was not read');
    expect(writeTraceContext(context)).toEqual([
      ['traceparent', good],
      ['tracestate', 'city=1,other=x'],
    ]);
  });

  it('is sampled when its flag says so, whatever the others say', () => {
    const flags = ['00', '01', '02', '03', 'ff'];
    const read = flags.map((one) => readTraceContext({ traceparent: `00-${traceId}-${parentId}-${one}` }));
    expect(read.map((context) => context?.isSampled)).toEqual([false, true, false, true, true]);
  });

  it('of a later version is read as far as this one goes', () => {
    expect(readTraceContext({ traceparent: `cc-${traceId}-${parentId}-01-what-comes` })?.traceId).toBe(
      traceId,
    );
  });

  it.each([
    ['nothing', ''],
    ['an unknown version', `ff-${traceId}-${parentId}-01`],
    ['more than its version has', `${good}-more`],
    ['zeros for a trace', `00-${'0'.repeat(32)}-${parentId}-01`],
    ['zeros for a parent', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['capitals', good.toUpperCase()],
    ['two of them', `${good}, ${good}`],
    ['a line end', `${good}\r\nx: y`],
    ['no flags', `00-${traceId}-${parentId}`],
  ])('is none when it is %s', (_, traceparent) => {
    expect(readTraceContext({ traceparent })).toBeUndefined();
  });

  it('has no state that is too long, or not of printable characters', () => {
    for (const tracestate of ['x'.repeat(513), 'a=\u0007', 'a=ä', '']) {
      expect(readTraceContext({ traceparent: good, tracestate })).toEqual({
        ...{ traceId, parentId, isSampled: true },
      });
    }
  });

  it('never throws, and never lets anything through but hexadecimal digits', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (traceparent, tracestate) => {
        const context = readTraceContext({ traceparent, tracestate });
        if (context !== undefined) {
          expect(writeTraceContext(context)[0]?.[1]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
        }
      }),
    );
  });
});
