import type { IncomingMessage } from 'node:http';
import type { BodySink } from '../transport/index.ts';
import type { LogEntry } from './needs.ts';
import type { Road } from './road.ts';

/**
 * Carries an exchange while room is kept on the disk for all it writes. What it is carried on counts the octets of its
 * bodies: those of the request need room of their own, those of the response have some kept for them from the start.
 * @throws Fault LoggingFailed when there is no room, before anything was done
 */
export async function withRoom<Some extends Road>(
  road: Some,
  incoming: Pick<IncomingMessage, 'headers'>,
  carry: (road: Some) => Promise<void>,
): Promise<void> {
  const announced = Number(incoming.headers['content-length']);
  const kept = await road.room.enter(Number.isSafeInteger(announced) ? announced : undefined);
  let phase: LogEntry['direction'] = 'request';
  try {
    await carry({
      ...road,
      newSink: () => countingSink(road.newSink(), (octets) => kept.take(octets, phase)),
      log: {
        requireAccepting: () => road.log.requireAccepting(),
        record: async (entry: LogEntry) => {
          await road.log.record(entry);
          if (entry.direction === 'request') phase = 'response';
        },
      },
    });
  } finally {
    kept.release();
  }
}

function countingSink(sink: BodySink, take: (octets: number) => void): BodySink {
  return {
    write: (chunk) => {
      take(chunk.length);
      return sink.write(chunk);
    },
    finish: () => sink.finish(),
    abort: () => sink.abort(),
  };
}
