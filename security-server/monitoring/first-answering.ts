import type { BuiltInSoapServices } from '../../gateway/provider-side/index.ts';

/** Services of several rooms as one: the first that knows the service answers. */
export function firstAnswering(...rooms: readonly BuiltInSoapServices[]): BuiltInSoapServices {
  return async (call, settings, configuration, at) => {
    for (const services of rooms) {
      const answer = await services(call, settings, configuration, at);
      if (answer !== undefined) return answer;
    }
    return undefined;
  };
}
