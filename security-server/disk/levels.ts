const mebibyte = 1024 * 1024;
const gibibyte = 1024 * mebibyte;

/** What the file system of the data folder says of itself, in octets. */
export interface DiskReading {
  /** What this program may still write. */
  readonly free: number;
  readonly size: number;
}

/** Where the operator draws the lines, in octets; what is absent is chosen by the size of the file system. */
export interface DiskSettings {
  readonly lowBytes?: number;
  /** The disk is low as well when it will be full in fewer days; 14 unless told. */
  readonly lowDays?: number;
  readonly tightBytes?: number;
  readonly fullBytes?: number;
}

/** Octets free below which each level begins: `low` ≥ `tight` ≥ `full`. */
export interface Thresholds {
  readonly low: number;
  readonly tight: number;
  readonly full: number;
}

/**
 * - `low`: works as always, and warns;
 * - `tight`: new exchanges are slowed down, large ones refused;
 * - `full`: new exchanges are refused;
 * - `unknown`: the file system cannot be asked, or does not say.
 */
export type DiskLevel = 'unknown' | 'ample' | 'low' | 'tight' | 'full';

export const defaultLowDays = 14;
/** How much above a line it must get before its level ends, so that a level does not come and go with every message. */
const margin = 1.05;

/** @throws Error when a line lies above one that it must lie below */
export function checkOrder({ lowBytes, tightBytes, fullBytes }: DiskSettings): void {
  const lines = [fullBytes, tightBytes, lowBytes].filter((line) => line !== undefined);
  if (lines.some((line, index) => line < (lines[index - 1] ?? 0))) {
    throw new Error('of the settings of the disk, low must not be less than tight, nor tight less than full');
  }
}

/** Small file systems get lines of their own: a fifth, a twentieth and an eightieth of their size. */
export function thresholdsOf(settings: DiskSettings, size: number): Thresholds {
  const full = settings.fullBytes ?? Math.min(512 * mebibyte, Math.floor(size / 80));
  const tight = settings.tightBytes ?? Math.max(full, Math.min(2 * gibibyte, Math.floor(size / 20)));
  const low = settings.lowBytes ?? Math.max(tight, Math.min(20 * gibibyte, Math.floor(size / 5)));
  // What was not told lies on its side of what was.
  return { full: Math.min(full, tight, low), tight: Math.min(tight, low), low };
}

/**
 * Of what is free now.
 * @param former level until now
 * @param daysUntilFull absent: not known, or never
 */
export function levelOf(
  free: number,
  { low, tight, full }: Thresholds,
  former: DiskLevel,
  daysUntilFull: number | undefined,
  lowDays: number,
): DiskLevel {
  const isBelow = (line: number, levels: readonly DiskLevel[]) =>
    free < (levels.includes(former) ? line * margin : line);
  if (isBelow(full, ['full'])) return 'full';
  if (isBelow(tight, ['full', 'tight'])) return 'tight';
  if (isBelow(low, ['full', 'tight', 'low'])) return 'low';
  return daysUntilFull !== undefined && daysUntilFull < lowDays ? 'low' : 'ample';
}

/** E.g. `1.9 GiB`. */
export function printOctets(octets: number): string {
  const [unit, name] = octets >= gibibyte ? [gibibyte, 'GiB'] : [mebibyte, 'MiB'];
  return `${(Math.max(0, octets) / unit).toFixed(1)} ${name}`;
}
