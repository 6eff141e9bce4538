import { isObject, type JsonObject } from './parse.ts';

type ComponentKind = 'parameters' | 'requestBodies' | 'responses' | 'schemas' | 'examples';

/**
 * An object, or the component of this document that it refers to. Nothing is followed out of the document, and nothing
 * twice: a component that is a reference itself is none.
 */
export function followed(document: JsonObject, value: unknown, kind: ComponentKind): JsonObject | undefined {
  if (!isObject(value)) return undefined;
  const reference = value['$ref'];
  if (reference === undefined) return value;
  const prefix = `#/components/${kind}/`;
  if (typeof reference !== 'string' || !reference.startsWith(prefix)) return undefined;
  const name = reference.slice(prefix.length).replaceAll('~1', '/').replaceAll('~0', '~');
  const components = document['components'];
  const all = isObject(components) ? components[kind] : undefined;
  const target = isObject(all) && Object.hasOwn(all, name) ? all[name] : undefined;
  return isObject(target) && target['$ref'] === undefined ? target : undefined;
}
