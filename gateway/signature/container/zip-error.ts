/** A file that is no zip file, or one that is made to harm or to be read in two ways. */
export class ZipError extends Error {
  override readonly name = 'ZipError';
}
