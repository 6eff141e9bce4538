export { DerError } from './error.ts';
export { children, type DerNode, readDer } from './read.ts';
export { tags } from './tags.ts';
export {
  asBitString,
  asBitStringOctets,
  asBoolean,
  asInteger,
  asOctetString,
  asOid,
  asSequence,
  asSet,
  asSmallInteger,
  asText,
  asTime,
  isContext,
} from './values.ts';
export {
  bitString,
  boolean,
  enumerated,
  explicit,
  generalizedTime,
  implicit,
  integer,
  nullValue,
  octetString,
  oid,
  printableString,
  sequence,
  setOf,
  time,
  tlv,
  utf8String,
} from './write.ts';
