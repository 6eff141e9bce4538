import { stringify as stringifyYaml } from 'yaml';
import { OpenApiError } from './error.ts';
import { maxPublishedBytes } from './limits.ts';
import { isObject, type JsonObject } from './parse.ts';

/** Where servers stand in a kind of object, and where others stand in which they may. */
interface Shape {
  /** Name under which it says where to call. */
  readonly without?: 'server' | 'servers';
  /** What is under a name in it; undefined: nothing that names servers. */
  readonly at: (name: string) => Shape | undefined;
}

const link: Shape = { without: 'server', at: () => undefined };
const links: Shape = { at: () => link };
const response: Shape = { at: named({ links: () => links }) };
const responses: Shape = { at: () => response };
const operation: Shape = {
  without: 'servers',
  at: named({ responses: () => responses, callbacks: () => callbacks }),
};
const pathItem: Shape = { without: 'servers', at: () => operation };
const pathItems: Shape = { at: () => pathItem };
/** Path items by expression, by name. */
const callbacks: Shape = { at: () => pathItems };
const components: Shape = {
  at: named({
    ...{ links: () => links, responses: () => responses },
    ...{ callbacks: () => callbacks, pathItems: () => pathItems },
  }),
};
const whole: Shape = {
  without: 'servers',
  at: named({ paths: () => pathItems, webhooks: () => pathItems, components: () => components }),
};

/**
 * A description as callers are given it: they reach the service over the road, whose path is the only server named.
 * The service's own address says nothing to them and is not theirs to know; paths, operations, links, callbacks and
 * webhooks may name servers of their own, which are no more their business.
 * @throws OpenApiError too-large
 */
export function publish(document: JsonObject, isYaml: boolean, roadPath: string): string {
  const shown = { ...withoutServers(document, whole, new Map()), servers: [{ url: roadPath }] };
  const text = write(shown, isYaml);
  if (Buffer.byteLength(text) > maxPublishedBytes) throw tooLarge();
  return text;
}

function write(shown: JsonObject, isYaml: boolean): string {
  try {
    return isYaml ? stringifyYaml(shown) : JSON.stringify(shown);
  } catch (cause) {
    // Longer than any text can be.
    throw cause instanceof RangeError ? tooLarge(cause) : cause;
  }
}

/**
 * @param done what was made of each object already: what YAML names once and uses often stays one, be it within itself
 */
function withoutServers(
  from: JsonObject,
  shape: Shape,
  done: Map<Shape, Map<JsonObject, JsonObject>>,
): JsonObject {
  const made = done.get(shape) ?? new Map<JsonObject, JsonObject>();
  done.set(shape, made);
  const before = made.get(from);
  if (before !== undefined) return before;
  // Without a prototype, every name is one of its own.
  const bare = Object.create(null) as Record<string, unknown>;
  made.set(from, bare);
  for (const [name, value] of Object.entries(from)) {
    if (name === shape.without) continue;
    const inner = shape.at(name);
    bare[name] = inner !== undefined && isObject(value) ? withoutServers(value, inner, done) : value;
  }
  return bare;
}

/** Shapes by name; asked for late, for operations hold callbacks, and those operations. */
function named(shapes: Readonly<Record<string, () => Shape>>): Shape['at'] {
  return (name) => (Object.hasOwn(shapes, name) ? shapes[name]?.() : undefined);
}

function tooLarge(cause?: unknown): OpenApiError {
  const detail = 'The description takes more than 20 MiB as callers would be given it; split it into several';
  return new OpenApiError('too-large', detail, { cause });
}
