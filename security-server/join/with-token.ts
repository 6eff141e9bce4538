import type { RunStep } from './step.ts';

/** A step that needs keys waits for the PIN, where the server was started without it. */
export function withToken(run: RunStep): RunStep {
  return async (context) => {
    const running = await context.server();
    const { token } = await running.ask<{ readonly token: { readonly isActive: boolean } }>('GET', '/status');
    if (token.isActive) return run(context);
    return {
      ...{ state: 'waiting', awaits: 'joiner' },
      detail: 'the token of this server waits for its PIN',
      remedy: 'enter it in the console, under tokens, or start the server with it',
    };
  };
}
