/** A file that is no zip file, or one that is made to harm or to be read in two ways. */
export class ZipError extends Error {
  override readonly name = 'ZipError';
  /** Name of the one entry that is at fault. */
  readonly entry: string | undefined;

  constructor(message: string, { entry, ...options }: ErrorOptions & { readonly entry?: string } = {}) {
    super(message, options);
    this.entry = entry;
  }
}
