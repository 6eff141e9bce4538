/** Where archives go. */
export interface ArchiveTarget {
  /** Told to people. */
  readonly place: string;
  /**
   * Puts a file there, and sees that it is there unaltered. Once more with the same file is as once.
   * @param sha256 of the file, hex
   * @throws ArchivingError target-refused, target-unreachable, target-differs
   */
  put(name: string, bytes: Buffer, sha256: string): Promise<void>;
}
