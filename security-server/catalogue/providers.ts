import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { type ClientId, parseEncodedClient, printEncoded } from '../../gateway/identifier/index.ts';
import type { ClientRecord } from '../settings/index.ts';

/** A subsystem that may offer services. */
export interface ProviderToAsk {
  /** Encoded. */
  readonly id: string;
  readonly memberName: string;
  /** Of the subsystem; empty when the configuration has none. */
  readonly name: string;
}

/** The subsystems of all known instances that some server serves: nobody answers for others. */
export function providersIn(configuration: GlobalConfiguration): ProviderToAsk[] {
  return configuration.instances.flatMap((instance) =>
    (configuration.shared(instance)?.members ?? []).flatMap(({ id: member, name: memberName, subsystems }) =>
      subsystems.flatMap(({ subsystemCode, name = '' }) => {
        const id = { ...member, kind: 'SUBSYSTEM', subsystemCode } as const;
        return configuration.serversOf(id).length === 0 ? [] : [{ id: printEncoded(id), memberName, name }];
      }),
    ),
  );
}

/**
 * Who asks, when nobody in particular does: the client that the settings name, else the first registered subsystem,
 * else the first registered member.
 * @param chosen encoded
 * @returns undefined when this server has no such client, or none at all
 */
export function askerOf(clients: readonly ClientRecord[], chosen: string | undefined): ClientId | undefined {
  const registered = clients.filter(({ status }) => status === 'registered').map(({ id }) => id);
  if (chosen !== undefined) {
    const wanted = printEncoded(parseEncodedClient(chosen));
    return registered.find((id) => printEncoded(id) === wanted);
  }
  const ordered = registered.sort((a, b) => (printEncoded(a) < printEncoded(b) ? -1 : 1));
  return ordered.find(({ kind }) => kind === 'SUBSYSTEM') ?? ordered[0];
}
