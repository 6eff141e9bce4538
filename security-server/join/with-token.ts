import type { JoiningServer, RunStep, StepOutcome } from './step.ts';

interface KnownToken {
  readonly kind: string;
  readonly name: string;
  readonly isActive: boolean;
  readonly trouble?: string;
}

/**
 * A step that needs keys waits for the PIN, where the server was started without it; and for the device that has the
 * key for signing, when another token than the server's was chosen for it.
 */
export function withToken(run: RunStep): RunStep {
  return async (context) => {
    const running = await context.server();
    const { token } = await running.ask<{ readonly token: { readonly isActive: boolean } }>('GET', '/status');
    if (!token.isActive) {
      return {
        ...{ state: 'waiting', awaits: 'joiner' },
        detail: 'the token of this server waits for its PIN',
        remedy: 'enter it in the console, under tokens, or start the server with it',
      };
    }
    const { signingToken } = context.state();
    const awaited = signingToken === undefined ? undefined : await awaitDevice(running, signingToken);
    return awaited ?? run(context);
  };
}

/** @returns undefined when it can be used */
async function awaitDevice(running: JoiningServer, name: string): Promise<StepOutcome | undefined> {
  const tokens = await running.ask<readonly KnownToken[]>('GET', '/tokens');
  const device = tokens.find((one) => one.kind === 'device' && one.name === name);
  if (device === undefined) {
    return {
      ...{ state: 'waiting', awaits: 'joiner' },
      detail: `the settings of this server name no device ${name} any more, in which its key for signing is`,
      remedy: 'name it under tokens in the settings file, and start the server again',
    };
  }
  if (device.isActive) return undefined;
  const why = device.trouble === undefined ? 'waits for its PIN' : `cannot be used: ${device.trouble}`;
  return {
    ...{ state: 'waiting', awaits: 'joiner' },
    detail: `the device ${name}, for the key for signing, ${why}`.slice(0, 1000),
    remedy: 'see that it is connected, and sign in to it in the console, under tokens',
  };
}
