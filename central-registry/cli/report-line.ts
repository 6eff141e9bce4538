import { oneLine } from '../history/index.ts';

/** An error that nobody foresaw, on one line of the log whatever stands in it. @param reference what the asker was told */
export function reportLine(at: Date, error: unknown, reference: string | undefined): string {
  return `${at.toISOString()} ${reference ?? '-'} ${oneLine(textOf(error))}\n`;
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = error.stack ?? error.message;
  return error.cause === undefined ? text : `${text}; caused by ${textOf(error.cause)}`;
}
