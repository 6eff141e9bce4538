import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { askAdmin } from '../../gateway/http/index.ts';
import type { JoiningServer } from './step.ts';

/** What is needed of a server that runs in this process. */
export interface RunningHere {
  readonly adminUrl: string;
  readonly apiKey: string;
  configuration(): GlobalConfiguration;
  close(): Promise<void>;
}

/** A server of this process, asked as its administrator would ask it. */
export function joiningServer(running: RunningHere): JoiningServer {
  return {
    ask: (method, path, body) => askAdmin({ url: running.adminUrl, key: running.apiKey }, method, path, body),
    configuration: () => running.configuration(),
    close: () => running.close(),
  };
}
