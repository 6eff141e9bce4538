import type { Fetch } from './host-guard.ts';
import { type Listening, listen, serverOf } from './listen.ts';

/** A listener behind which programs take turns: what serves a first start gives way to what was founded. */
export interface ListenerInTurns extends Listening {
  /** Lets another answer from now on; requests under way are finished by whoever began them. */
  handTo(fetch: Fetch): void;
}

/**
 * Listens on one address for several programs, one after the other: no browser finds nobody there in between.
 * @param first who answers until it is handed to another
 * @throws PortError
 */
export async function listenInTurns(
  first: Fetch,
  host: string,
  port: number,
  setting: string,
): Promise<ListenerInTurns> {
  let present = first;
  const listening = await listen(
    serverOf((request: Request, env?: object) => present(request, env)),
    host,
    port,
    setting,
  );
  return {
    ...listening,
    handTo: (fetch) => {
      present = fetch;
    },
  };
}
