export {
  type ClientId,
  equal,
  type GlobalGroupId,
  type Identifier,
  IdentifierError,
  identifierKey,
  type LocalGroupId,
  type MemberId,
  memberOf,
  providerOf,
  type ServerId,
  type ServiceId,
  type SubsystemId,
} from './identifiers.ts';
export { decodeSegment, encodeSegment } from './segment.ts';
export {
  checkCreatable,
  checkRepresentedParty,
  parseEncodedClient,
  parseEncodedServer,
  parseRestClient,
  parseRestServer,
  parseRestService,
  printEncoded,
  printFull,
  printRest,
  printShort,
  restServiceOf,
} from './text.ts';
export { identifiersNamespace, readXmlIdentifier, writeXmlIdentifier } from './xml-form.ts';
