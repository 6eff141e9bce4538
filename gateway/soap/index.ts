export {
  readXmlIdentifier as readIdentifier,
  writeXmlIdentifier as writeIdentifier,
} from '../identifier/index.ts';
export { charsetOf } from './charset.ts';
export {
  composeEnvelope,
  parseEnvelope,
  parseSoapBody,
  readEnvelope,
  type SoapEnvelope,
} from './envelope.ts';
export type { RepresentedParty, SoapHeader } from './header.ts';
export {
  identifiersNamespace,
  xroadNamespace,
} from './namespaces.ts';
export { readSoapMessage, type SoapHttpMessage } from './read-message.ts';
export {
  checkSoapConsistent,
  insertRequestHash,
  type ResponseEnvelope,
  soapRequestHash,
} from './response.ts';
export { writeSoapMessage } from './write-message.ts';
