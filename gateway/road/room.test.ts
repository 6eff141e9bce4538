import { describe, expect, it } from 'vitest';
import { Fault } from '../fault/index.ts';
import type { LogEntry } from './needs.ts';
import type { Road } from './road.ts';
import { withRoom } from './room.ts';

/** A road of nothing but a disk, whose doings are written down. */
function bench() {
  const done: string[] = [];
  const road = {
    room: {
      enter: async (announced: number | undefined) => {
        done.push(`enter ${announced}`);
        return {
          take: (octets: number, of: string) => done.push(`take ${octets} ${of}`),
          release: () => done.push('release'),
        };
      },
    },
    log: {
      requireAccepting: () => undefined,
      record: async ({ direction }: LogEntry) => {
        done.push(`record ${direction}`);
      },
    },
    newSink: () => ({
      write: (chunk: Buffer) => void done.push(`write ${chunk.length}`),
      finish: async () => undefined as never,
      abort: async () => undefined,
    }),
  } as unknown as Road;
  return { done, road };
}

const request = { direction: 'request' } as LogEntry;
const response = { direction: 'response' } as LogEntry;

describe('an exchange with room', () => {
  it('takes room before each write, for its request until that is recorded, for its response then', async () => {
    const { done, road } = bench();
    await withRoom(road, { headers: { 'content-length': '7' } }, async (roomy) => {
      await roomy.newSink().write(Buffer.alloc(7));
      await roomy.log.record(request);
      await roomy.newSink().write(Buffer.alloc(9));
      await roomy.log.record(response);
    });
    expect(done).toEqual([
      ...['enter 7', 'take 7 request', 'write 7', 'record request'],
      ...['take 9 response', 'write 9', 'record response', 'release'],
    ]);
  });

  it('gives its room back when it fails', async () => {
    const { done, road } = bench();
    const failing = withRoom(road, { headers: {} }, () => Promise.reject(new Fault('InternalError', 'x')));
    await expect(failing).rejects.toMatchObject({ code: 'InternalError' });
    expect(done).toEqual(['enter undefined', 'release']);
  });

  it('does not begin without room', async () => {
    const { done, road } = bench();
    const full = { enter: () => Promise.reject(new Fault('LoggingFailed', 'full')) };
    const refused = withRoom({ ...road, room: full }, { headers: {} }, async () => void done.push('carried'));
    await expect(refused).rejects.toMatchObject({ code: 'LoggingFailed' });
    expect(done).toEqual([]);
  });

  it('goes by a length only when it is one', async () => {
    for (const length of ['', '1e400', 'x', '99999999999999999999']) {
      const { done, road } = bench();
      await withRoom(road, { headers: { 'content-length': length } }, async () => undefined);
      expect(done[0]).toBe(length === '' ? 'enter 0' : 'enter undefined');
    }
  });
});
