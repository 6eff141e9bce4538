import { isObject, type JsonObject } from './parse.ts';
import { followed } from './reference.ts';

/** Levels of a made-up value: deeper ones help nobody to write a first call. */
const maxDepth = 4;
const maxProperties = 20;
/** Values of one example. A schema may hold itself, over several others: levels alone would not end soon enough. */
const maxValues = 200;
/** Octets of an example that somebody wrote. */
const maxExampleLength = 4_000;

interface ExampleOptions {
  /** Only what the description gives, nothing made up from a type. */
  readonly isValueOnly: boolean;
}

/**
 * An example of what a parameter or a media type holds: the one that is given, else one made from its schema.
 * @returns undefined when there is none, or one that is too long to be shown
 */
export function exampleOf(document: JsonObject, holder: JsonObject, options: ExampleOptions): unknown {
  const given = holder['example'] ?? firstExample(document, holder['examples']);
  if (given !== undefined) return shortEnough(given);
  const schema = followed(document, holder['schema'], 'schemas');
  if (schema === undefined) return undefined;
  const own = ownExample(schema);
  if (own !== undefined) return shortEnough(own);
  return options.isValueOnly ? undefined : madeUp(document, schema);
}

function firstExample(document: JsonObject, examples: unknown): unknown {
  if (!isObject(examples)) return undefined;
  const [first] = Object.values(examples);
  return followed(document, first, 'examples')?.['value'];
}

function ownExample(schema: JsonObject): unknown {
  const { example, examples, default: usual, enum: choices } = schema;
  const listed = Array.isArray(examples) ? examples[0] : undefined;
  return example ?? listed ?? usual ?? schema['const'] ?? (Array.isArray(choices) ? choices[0] : undefined);
}

function shortEnough(value: unknown): unknown {
  try {
    return JSON.stringify(value).length > maxExampleLength ? undefined : value;
  } catch {
    // YAML can write a value that holds itself.
    return undefined;
  }
}

function madeUp(document: JsonObject, schema: JsonObject): unknown {
  let left = maxValues;
  const make = (given: unknown, depth: number): unknown => {
    left -= 1;
    const one = followed(document, given, 'schemas');
    if (one === undefined || depth > maxDepth || left < 0) return undefined;
    const own = shortEnough(ownExample(one) ?? undefined);
    if (own !== undefined) return own;
    const alternatives = one['oneOf'] ?? one['anyOf'];
    if (Array.isArray(alternatives)) return make(alternatives[0], depth + 1);
    if (Array.isArray(one['allOf'])) {
      const parts = one['allOf'].slice(0, maxProperties).map((part) => make(part, depth + 1));
      return Object.assign(Object.create(null), ...parts.filter(isObject));
    }
    const type = Array.isArray(one['type']) ? one['type'][0] : one['type'];
    if (type === 'object' || isObject(one['properties'])) {
      const made = Object.create(null) as Record<string, unknown>;
      const properties = isObject(one['properties']) ? Object.entries(one['properties']) : [];
      for (const [name, property] of properties.slice(0, maxProperties)) {
        const value = make(property, depth + 1);
        if (value !== undefined) made[name.slice(0, 100)] = value;
      }
      return made;
    }
    if (type === 'array') {
      const item = make(one['items'], depth + 1);
      return item === undefined ? [] : [item];
    }
    return { string: 'text', integer: 0, number: 0, boolean: true }[String(type)];
  };
  return make(schema, 1);
}
