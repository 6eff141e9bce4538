/** A document that is not the XML it should be, or goes beyond what is read here. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
}
