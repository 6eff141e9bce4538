import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { equal, memberOf, parseEncodedClient } from '../../gateway/identifier/index.ts';

/** A member or subsystem, with the names it had. */
export interface NamedParty {
  /** Encoded. */
  readonly id: string;
  readonly memberName: string | null;
  readonly subsystemName: string | null;
}

/** @param configuration as of then; names of those it does not know are null */
export function nameParty(id: string, configuration: GlobalConfiguration): NamedParty {
  const client = parseEncodedClient(id);
  const member = configuration
    .shared(client.instance)
    ?.members.find((candidate) => equal(candidate.id, memberOf(client)));
  return {
    id,
    memberName: member?.name ?? null,
    subsystemName:
      client.kind === 'MEMBER'
        ? null
        : (member?.subsystems.find((one) => one.subsystemCode === client.subsystemCode)?.name ?? null),
  };
}

/** For sentences: its name if it has one, and always its identifier. */
export function describeParty({ id, memberName, subsystemName }: NamedParty): string {
  if (memberName === null) return id;
  return subsystemName === null ? `${memberName} (${id})` : `${memberName}, ${subsystemName} (${id})`;
}
