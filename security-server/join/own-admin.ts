import { request } from 'undici';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
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
    ask: async <Answer>(method: 'GET' | 'POST' | 'PUT', path: string, body?: object) => {
      const { adminUrl, apiKey } = running;
      const response = await request(`${adminUrl}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const text = await response.body.text();
      if (response.statusCode < 300) return (text === '' ? undefined : JSON.parse(text)) as Answer;
      throw new Error(refusalOf(text) ?? `${method} ${path} was answered ${response.statusCode}`);
    },
    configuration: () => running.configuration(),
    close: () => running.close(),
  };
}

function refusalOf(text: string): string | undefined {
  try {
    const { code, detail } = JSON.parse(text) as { readonly code?: string; readonly detail?: string };
    return code === undefined ? undefined : `${code}: ${detail ?? ''}`;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
