import type { Endpoint } from './model.ts';

/** What accepting an OpenAPI description changes in the endpoints of its service. */
export interface EndpointDifference {
  /** As they are to be: those of the description, then those set by hand. */
  readonly endpoints: readonly Endpoint[];
  readonly added: readonly Endpoint[];
  readonly removed: readonly Endpoint[];
}

/**
 * Holds the endpoints of a description against those of its service. What the description named when it was accepted
 * last, and names no more, goes; what was set by hand stays.
 * @param before those of the service; none when it is new
 * @param formerly those that the description named when it was accepted last; none when there was none
 */
export function compareEndpoints(
  before: readonly Endpoint[],
  formerly: readonly Endpoint[],
  described: readonly Endpoint[],
): EndpointDifference {
  const byHand = withoutEndpoints(withoutEndpoints(before, formerly), described);
  const endpoints = [...described, ...byHand];
  return {
    endpoints,
    added: withoutEndpoints(described, before),
    removed: withoutEndpoints(before, endpoints),
  };
}

export function withoutEndpoints(those: readonly Endpoint[], others: readonly Endpoint[]): Endpoint[] {
  const gone = new Set(others.map(keyOf));
  return those.filter((one) => !gone.has(keyOf(one)));
}

/** Methods hold no spaces. */
function keyOf({ method, path }: Endpoint): string {
  return `${method} ${path}`;
}
