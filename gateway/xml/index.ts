export { canonicalize, escapeAttribute, escapeText } from './canonicalize.ts';
export { XmlError } from './error.ts';
export { parseXml, parseXmlInTurns, type XmlOptions } from './parse.ts';
export {
  attribute,
  attributeNs,
  child,
  childrenNamed,
  descendants,
  elements,
  textOf,
  type XmlAttribute,
  type XmlElement,
} from './tree.ts';
