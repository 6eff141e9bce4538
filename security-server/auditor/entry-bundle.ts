import { entryOf } from '../../gateway/evidence/index.ts';
import { tileWidth } from '../../gateway/transparency/index.ts';
import type { EvidenceSource } from './evidence-source.ts';

/**
 * Leaves of the log as a bundle of entries: each with its length in two octets before it. They tell nothing but that
 * something was recorded.
 * @returns undefined when some of them are no longer there
 * @throws MessageLogError locked
 * @see C2SP tlog-tiles, log entries
 */
export function readEntryBundle(
  log: Pick<EvidenceSource, 'read' | 'readTally' | 'tree'>,
  index: number,
  width: number,
): Buffer | undefined {
  const first = index * tileWidth;
  if (first + width > log.tree.size) return undefined;
  const pieces: Buffer[] = [];
  for (let place = first; place < first + width; place += 1) {
    const entry = entryAt(log, place);
    if (entry === undefined) return undefined;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(entry.length);
    pieces.push(length, entry);
  }
  return Buffer.concat(pieces);
}

function entryAt(log: Pick<EvidenceSource, 'read' | 'readTally'>, place: number): Buffer | undefined {
  const record = log.read(place);
  if (record !== undefined) return entryOf(record.salts.facts, record.facts);
  const tally = log.readTally(place);
  return tally === undefined ? undefined : entryOf(tally.factsSalt, tally.facts);
}
