import {
  type ClientId,
  fieldsOf,
  type Identifier,
  IdentifierError,
  type ServerId,
  type ServiceId,
} from './identifiers.ts';
import { decodeSegment, encodeSegment } from './segment.ts';

/** `SUBSYSTEM:EE/GOV/123/sub`: for faults and logs. */
export function printFull(id: Identifier): string {
  return `${id.kind}:${printShort(id)}`;
}

/** `EE/GOV/123/sub`: for people. */
export function printShort(id: Identifier): string {
  return fieldsOf(id).join('/');
}

/** `EE:GOV:123:sub`: for administration APIs; every field is escaped like a URL segment, colons too. */
export function printEncoded(id: Identifier): string {
  return fieldsOf(id)
    .map((field) => encodeSegment(field).replaceAll(':', '%3A'))
    .join(':');
}

/** `EE/GOV/123/sub`, each field percent-encoded: for HTTP headers and request lines. */
export function printRest(id: Identifier): string {
  return fieldsOf(id).map(encodeSegment).join('/');
}

/**
 * `X-Road-Client`: a member (3 parts) or subsystem (4).
 * @throws IdentifierError
 */
export function parseRestClient(text: string): ClientId {
  return clientOf(text.split('/').map(decodeSegment), text);
}

/** `X-Road-Security-Server`: exactly 4 parts. */
export function parseRestServer(text: string): ServerId {
  return serverOf(text.split('/').map(decodeSegment), text);
}

/** `X-Road-Service` of a response: exactly 5 parts. */
export function parseRestService(text: string): ServiceId {
  return restServiceOf(text.split('/').map(decodeSegment), text);
}

/** Checks the form of `X-Road-Represented-Party`: `code` or `class/code`. */
export function checkRepresentedParty(text: string): void {
  const parts = text.split('/').map(decodeSegment);
  if (parts.length > 2)
    throw new IdentifierError(`'${text}' is not a represented party: [class/]code is expected`);
  requireFilled(parts, text);
}

/** @param parts decoded: instance, class, member, subsystem, service code */
export function restServiceOf(parts: readonly string[], shown: string): ServiceId {
  const [instance, memberClass, memberCode, subsystemCode, serviceCode, more] = parts;
  if (
    instance === undefined ||
    memberClass === undefined ||
    memberCode === undefined ||
    subsystemCode === undefined ||
    serviceCode === undefined ||
    more !== undefined
  ) {
    throw new IdentifierError(
      `'${shown}' is not a service: instance/class/member/subsystem/service is expected`,
    );
  }
  requireFilled(parts, shown);
  return { kind: 'SERVICE', instance, memberClass, memberCode, subsystemCode, serviceCode };
}

/** `EE:GOV:123[:sub]` as `printEncoded` writes it, with an optional kind in front. */
export function parseEncodedClient(text: string): ClientId {
  return clientOf(
    text
      .replace(/^(?:MEMBER|SUBSYSTEM):/, '')
      .split(':')
      .map(decodeSegment),
    text,
  );
}

export function parseEncodedServer(text: string): ServerId {
  return serverOf(
    text
      .replace(/^SERVER:/, '')
      .split(':')
      .map(decodeSegment),
    text,
  );
}

function clientOf(parts: readonly string[], shown: string): ClientId {
  const [instance, memberClass, memberCode, subsystemCode, more] = parts;
  if (instance === undefined || memberClass === undefined || memberCode === undefined || more !== undefined) {
    throw new IdentifierError(`'${shown}' is not a client: instance/class/member[/subsystem] is expected`);
  }
  requireFilled(parts, shown);
  if (subsystemCode === undefined) return { kind: 'MEMBER', instance, memberClass, memberCode };
  return { kind: 'SUBSYSTEM', instance, memberClass, memberCode, subsystemCode };
}

function serverOf(parts: readonly string[], shown: string): ServerId {
  const [instance, memberClass, memberCode, serverCode, more] = parts;
  if (
    instance === undefined ||
    memberClass === undefined ||
    memberCode === undefined ||
    serverCode === undefined ||
    more !== undefined
  ) {
    throw new IdentifierError(
      `'${shown}' is not a security server: instance/class/member/server is expected`,
    );
  }
  requireFilled(parts, shown);
  return { kind: 'SERVER', instance, memberClass, memberCode, serverCode };
}

function requireFilled(parts: readonly string[], shown: string): void {
  if (parts.some((part) => part.trim() === '')) throw new IdentifierError(`'${shown}' has an empty part`);
}

/**
 * Whether an identifier may be registered: letters, digits and '()+,-.=? of ASCII, at most 255 of them. Peers
 * may hold others, which are read.
 * @throws IdentifierError
 */
export function checkCreatable(field: string): void {
  if (!/^[A-Za-z0-9'()+,\-.=?]{1,255}$/.test(field)) {
    throw new IdentifierError(
      `'${field}' cannot be registered: 1 to 255 ASCII letters, digits or '()+,-.=? are expected`,
    );
  }
  if (field === '.' || field === '..')
    throw new IdentifierError(`'${field}' is a path step and cannot be registered`);
}
