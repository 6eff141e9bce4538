import type { ClientId } from '../../gateway/identifier/index.ts';

/** A member or subsystem as tables refer to it. */
export interface ClientColumns {
  readonly memberClass: string;
  readonly memberCode: string;
  readonly subsystemCode: string | null;
}

export function clientColumns(id: ClientId): ClientColumns {
  const { memberClass, memberCode } = id;
  return { memberClass, memberCode, subsystemCode: id.kind === 'SUBSYSTEM' ? id.subsystemCode : null };
}

export function clientOf(
  instance: string,
  { memberClass, memberCode, subsystemCode }: ClientColumns,
): ClientId {
  if (subsystemCode === null) return { kind: 'MEMBER', instance, memberClass, memberCode };
  return { kind: 'SUBSYSTEM', instance, memberClass, memberCode, subsystemCode };
}
