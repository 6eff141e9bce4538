import type { MonthSize } from '../message-log/index.ts';
import type { Forecast } from './forecast.ts';
import { type DiskLevel, printOctets, type Thresholds } from './levels.ts';

/** The disk of this server as it was last seen; octets throughout. */
export interface DiskStatus {
  readonly level: DiskLevel;
  /** Absent while the file system cannot be asked. */
  readonly free?: number;
  readonly size?: number;
  readonly thresholds?: Thresholds;
  readonly forecast: Forecast;
  /** By which the message log grows a day; below 0 when it shrinks. Absent as long as too little is known. */
  readonly growthPerDay?: number;
  /** Months of the message log as they were measured within the last hour, oldest first. */
  readonly months: readonly MonthSize[];
  /** Exchanges under way, what is kept for them, and exchanges that wait for room. */
  readonly usage: { readonly open: number; readonly promised: number; readonly waiting: number };
}

const remedies: Readonly<Record<Exclude<DiskLevel, 'unknown' | 'ample'>, string>> = {
  low: 'plan for a larger disk, or archive the message log and remove old months',
  tight:
    'new exchanges are slowed down and large ones refused: archive the message log and remove old months now',
  full: 'new exchanges are refused until there is room: archive the message log and remove old months, or enlarge the disk',
};

/** What is the matter, and what to do. */
export function explainDisk({ level, free, forecast }: DiskStatus): string {
  if (level === 'unknown' || free === undefined) {
    return 'the file system of the data folder does not say how much room it has; nothing is refused for it';
  }
  const found = `${printOctets(free)} are free; ${explainForecast(forecast)}`;
  return level === 'ample' ? found : `${found}; ${remedies[level]}`;
}

function explainForecast(forecast: Forecast): string {
  if (forecast.kind === 'not-filling') return 'at the pace of the last week the disk does not become full';
  if (forecast.kind === 'filling') {
    return `at the pace of the last week the disk is full in ${forecast.days.toFixed(1)} days`;
  }
  return `when the disk will be full cannot be told yet, from ${forecast.samples} samples in ${forecast.hours} hours`;
}
