/** What a container of a message log is named after. */
export interface NamedMessage {
  readonly queryId: string;
  readonly direction: 'request' | 'response';
  /** Place of its record in the log. */
  readonly index: number;
}

/** `<query id>-<request|response>-<record id>.asice` @see X-Road 7 signed document download: file names */
export function containerNameOf({ queryId, direction, index }: NamedMessage): string {
  const encoded = encodeURIComponent(queryId).slice(0, 226);
  return `${encoded}-${direction}-${index.toString(32)}.asice`;
}
