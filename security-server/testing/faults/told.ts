/** What the program under faults says, one JSON document in a line: what it was told is done, and what was refused. */
export type Told =
  | { readonly kind: 'recorded'; readonly id: string; readonly bodies: readonly string[] }
  | { readonly kind: 'erased'; readonly id: string }
  | { readonly kind: 'checkpoint'; readonly note: string }
  | { readonly kind: 'snapshot'; readonly id: string }
  | { readonly kind: 'delivered'; readonly name: string }
  | { readonly kind: 'refused'; readonly what: string; readonly reason: string }
  | { readonly kind: 'opened' | 'done' };

/** What is said in an output that may end in the middle of a line. */
export function toldIn(output: string): Told[] {
  return output
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Told);
}

/** What every folder under faults begins with, beside the token. */
export interface Ground {
  /** Milliseconds since the epoch at which scenarios begin. */
  readonly at: number;
  /** Signs messages: id of the key in the token, certificate and status in DER as base64. */
  readonly signing: { readonly keyId: string; readonly certificate: string; readonly status: string };
  /** Id of the snapshot that is kept with the log, and of those that come later. */
  readonly snapshot: string;
  readonly later: readonly string[];
}

export const groundFile = 'ground.json';
/** Snapshots that come later, in a store of their own. */
export const laterFolder = 'later';
