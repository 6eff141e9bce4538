/** What one bundle may hold: it is read, proven and written in memory, beside the messages that pass. */
export interface BundleLimits {
  /** With their messages; a zip file has 65,535 entries. */
  readonly records: number;
  /** Of the same days as a period and not in it: they only count. */
  readonly beside: number;
  /** Octets of messages. */
  readonly octets: number;
}

export const bundleLimits: BundleLimits = { records: 10_000, beside: 50_000, octets: 256 * 1024 * 1024 };
