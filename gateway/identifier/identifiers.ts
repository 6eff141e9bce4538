/** Identifiers of X-Road 7: who and what takes part in an exchange. Comparison is exact and case-sensitive. */

export interface MemberId {
  readonly kind: 'MEMBER';
  readonly instance: string;
  readonly memberClass: string;
  readonly memberCode: string;
}

export interface SubsystemId {
  readonly kind: 'SUBSYSTEM';
  readonly instance: string;
  readonly memberClass: string;
  readonly memberCode: string;
  readonly subsystemCode: string;
}

/** Who calls or provides; a member never equals one of its subsystems. */
export type ClientId = MemberId | SubsystemId;

export interface ServiceId {
  readonly kind: 'SERVICE';
  readonly instance: string;
  readonly memberClass: string;
  readonly memberCode: string;
  readonly subsystemCode?: string;
  readonly serviceCode: string;
  readonly serviceVersion?: string;
}

/** The first three fields name the server's owner. */
export interface ServerId {
  readonly kind: 'SERVER';
  readonly instance: string;
  readonly memberClass: string;
  readonly memberCode: string;
  readonly serverCode: string;
}

export interface GlobalGroupId {
  readonly kind: 'GLOBALGROUP';
  readonly instance: string;
  readonly groupCode: string;
}

export interface LocalGroupId {
  readonly kind: 'LOCALGROUP';
  readonly groupCode: string;
}

export type Identifier = ClientId | ServiceId | ServerId | GlobalGroupId | LocalGroupId;

/** Text that is not the identifier it should be. */
export class IdentifierError extends Error {
  override readonly name = 'IdentifierError';
}

/** The member that owns, provides or runs what `id` names: signatures and certificates speak for members. */
export function memberOf(id: ClientId | ServiceId | ServerId): MemberId {
  if (id.kind === 'MEMBER') return id;
  const { instance, memberClass, memberCode } = id;
  return { kind: 'MEMBER', instance, memberClass, memberCode };
}

/** The client that provides a service. */
export function providerOf(service: ServiceId): ClientId {
  const { instance, memberClass, memberCode, subsystemCode } = service;
  if (subsystemCode === undefined) return memberOf(service);
  return { kind: 'SUBSYSTEM', instance, memberClass, memberCode, subsystemCode };
}

/** Fields in the order of the protocol, absent ones left out. */
export function fieldsOf(id: Identifier): readonly string[] {
  switch (id.kind) {
    case 'GLOBALGROUP':
      return [id.instance, id.groupCode];
    case 'LOCALGROUP':
      return [id.groupCode];
    case 'MEMBER':
      return [id.instance, id.memberClass, id.memberCode];
    case 'SUBSYSTEM':
      return [id.instance, id.memberClass, id.memberCode, id.subsystemCode];
    case 'SERVER':
      return [id.instance, id.memberClass, id.memberCode, id.serverCode];
    case 'SERVICE':
      return [
        id.instance,
        id.memberClass,
        id.memberCode,
        id.subsystemCode,
        id.serviceCode,
        id.serviceVersion,
      ].filter((field) => field !== undefined);
  }
}

/** Key for maps: equal for equal identifiers only, whatever characters their fields hold. */
export function identifierKey(id: Identifier): string {
  const { kind } = id;
  // A service without subsystem and one without version may have the same fields.
  const shape = kind === 'SERVICE' ? `${kind}${id.subsystemCode === undefined ? 0 : 1}` : kind;
  return `${shape}\u0000${fieldsOf(id).join('\u0000')}`;
}

export function equal(a: Identifier, b: Identifier): boolean {
  return identifierKey(a) === identifierKey(b);
}
