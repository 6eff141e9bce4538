import { TransparencyError } from './error.ts';
import { hashBytes } from './hash.ts';

/** A tree at one moment: what a log commits to. */
export interface Checkpoint {
  /** Name of the log, without scheme: unique and never changed. */
  readonly origin: string;
  /** Leaves. */
  readonly size: number;
  readonly root: Buffer;
}

const sizePattern = /^(0|[1-9][0-9]{0,15})$/;

/** The text of a checkpoint's note. @see C2SP tlog-checkpoint */
export function writeCheckpoint({ origin, size, root }: Checkpoint): string {
  if (origin === '' || origin.includes('\n')) throw new RangeError('an origin is one line that is not empty');
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/**
 * Reads the text of a checkpoint's note; extension lines are let be.
 * @throws TransparencyError checkpoint-malformed
 */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n');
  const [origin, sizeText, rootText] = lines;
  if (lines.length < 4 || lines.at(-1) !== '') throw malformed('it has three lines, each with its end');
  if (origin === undefined || origin === '') throw malformed('its first line names the log');
  const size = Number(sizeText);
  if (sizeText === undefined || !sizePattern.test(sizeText) || !Number.isSafeInteger(size)) {
    throw malformed('its second line is the number of leaves');
  }
  const root = Buffer.from(rootText ?? '', 'base64');
  if (root.length !== hashBytes || root.toString('base64') !== rootText) {
    throw malformed('its third line is a SHA-256 hash in base64');
  }
  if (lines.slice(3, -1).includes('')) throw malformed('an extension line is empty');
  return { origin, size, root };
}

/**
 * What a signed note says of its log, the signatures unseen: for finding things by, never for trusting.
 * @throws TransparencyError checkpoint-malformed
 */
export function readClaim(note: string): Checkpoint {
  return parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1));
}

function malformed(expected: string): TransparencyError {
  return new TransparencyError('checkpoint-malformed', `This is not a checkpoint: ${expected}`);
}
