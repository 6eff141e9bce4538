import { stringify as stringifyYaml } from 'yaml';
import { isObject, type JsonObject } from './parse.ts';

/**
 * A description as callers are given it: they reach the service over the road, whose path is the only server named.
 * The service's own address says nothing to them and is not theirs to know; paths, operations, links and callbacks may
 * name servers of their own, which are no more their business.
 */
export function publish(document: JsonObject, isYaml: boolean, roadPath: string): string {
  const paths = document['paths'];
  const components = document['components'];
  const items = isObject(components) ? components['pathItems'] : undefined;
  const shown = {
    ...document,
    ...(isObject(paths) && { paths: withoutServers(paths) }),
    ...(isObject(components) &&
      isObject(items) && {
        components: { ...components, pathItems: withoutServers(items) },
      }),
    servers: [{ url: roadPath }],
  };
  return isYaml ? stringifyYaml(shown) : JSON.stringify(shown);
}

function withoutServers(items: JsonObject): JsonObject {
  const cleaned = Object.entries(items).map(([path, item]) => {
    if (!isObject(item)) return [path, item];
    const { servers: _ofPath, ...operations } = item;
    const bare = Object.entries(operations).map(([method, operation]) => {
      if (!isObject(operation)) return [method, operation];
      const { servers: _ofOperation, ...rest } = operation;
      return [method, rest];
    });
    return [path, Object.fromEntries(bare)];
  });
  return Object.fromEntries(cleaned);
}
