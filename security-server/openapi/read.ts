import { isLine } from '../../gateway/http/index.ts';
import type { Endpoint } from '../settings/index.ts';
import { OpenApiError } from './error.ts';
import { isObject, type JsonObject, parseDescription } from './parse.ts';
import { publish } from './publish.ts';

/** What a server takes from an OpenAPI description. */
export interface ReadOpenApi {
  /** Of the language: such as 3.1.0. */
  readonly openapi: string;
  readonly title: string;
  /** Of the described service, as its owner counts. */
  readonly version: string;
  /**
   * Addresses that it names for the whole service, at most 20 of at most 2,000 characters; variables at their defaults,
   * relative ones as they stand.
   */
  readonly servers: readonly string[];
  readonly endpoints: readonly Endpoint[];
  readonly isYaml: boolean;
  /** The document as callers are given it. */
  readonly published: string;
}

const maxEndpoints = 5_000;
const maxPathLength = 1_000;
const maxTextLength = 300;
/** Nobody is offered more than one; the others are looked at only where the first are no addresses. */
const maxServers = 20;
const maxServerLength = 2_000;
/** Of operations, as path items name them. */
export const methods: ReadonlySet<string> = new Set([
  'get',
  'put',
  'post',
  'delete',
  'options',
  'head',
  'patch',
  'trace',
]);

/**
 * Reads an OpenAPI description of version 3.0 or 3.1. References to other documents are not followed: they could name
 * any file or address; inside of schemas they are the callers' to resolve.
 * @param bytes JSON or YAML, UTF-8
 * @param roadPath path under which callers reach the service, the only server of the published document
 * @throws OpenApiError malformed, not-openapi, unsupported-version, invalid, too-large
 */
export function readOpenApi(bytes: Uint8Array, roadPath: string): ReadOpenApi {
  const { document, isYaml } = parseDescription(bytes);
  const openapi = requireVersion(document);
  const info = document['info'];
  if (!isObject(info)) throw invalid('/info', 'an object with title and version is expected');
  const title = textAt(info, 'title', '/info/title');
  const version = textAt(info, 'version', '/info/version');
  const endpoints = endpointsOf(document, openapi);
  if (endpoints.length === 0) throw invalid('/paths', 'no operation is described; at least one is expected');
  const servers = serversOf(document);
  return {
    openapi,
    title,
    version,
    servers,
    endpoints,
    isYaml,
    published: publish(document, isYaml, roadPath),
  };
}

/** @returns the version of the language @throws OpenApiError not-openapi, unsupported-version */
export function requireVersion(document: JsonObject): string {
  const { openapi, swagger } = document;
  if (swagger !== undefined) {
    throw new OpenApiError(
      'unsupported-version',
      `The description is Swagger ${String(swagger).slice(0, 20)}; 3.0 and 3.1 are read: convert it to OpenAPI 3`,
    );
  }
  if (openapi === undefined) {
    throw new OpenApiError(
      'not-openapi',
      'The document is not an OpenAPI description: it has no field openapi',
    );
  }
  // YAML reads 3.1 without quotes as a number.
  const version = String(openapi);
  if (/^3\.[01](\.\d{1,4})?(-[\w.]{1,20})?$/.test(version)) return version;
  throw new OpenApiError(
    'unsupported-version',
    `The description is of OpenAPI version ${version.slice(0, 20)}; 3.0 and 3.1 are read`,
  );
}

function textAt(holder: JsonObject, name: string, pointer: string): string {
  const value = holder[name];
  // YAML reads a version such as 1.0 without quotes as a number.
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || text.trim() === '') throw invalid(pointer, 'a text is expected');
  if (!isLine(text.trim())) throw invalid(pointer, 'one line of printable characters is expected');
  return text.trim().slice(0, maxTextLength);
}

function serversOf({ servers }: JsonObject): string[] {
  if (servers === undefined) return [];
  if (!Array.isArray(servers)) throw invalid('/servers', 'a list is expected');
  return servers.slice(0, maxServers).flatMap((server: unknown, index) => {
    const pointer = `/servers/${index}`;
    if (!isObject(server) || typeof server['url'] !== 'string') {
      throw invalid(`${pointer}/url`, 'an address is expected');
    }
    return withDefaults(server['url'], isObject(server['variables']) ? server['variables'] : {}) ?? [];
  });
}

/** @returns undefined for an address that is too long, or becomes so: a short one may name a long default many times */
function withDefaults(template: string, variables: JsonObject): string | undefined {
  if (template.length > maxServerLength) return undefined;
  let address = '';
  for (const part of template.split(/(\{[^{}]{1,100}\})/)) {
    const name = part.slice(1, -1);
    const variable = part.startsWith('{') && Object.hasOwn(variables, name) ? variables[name] : undefined;
    address += isObject(variable) && typeof variable['default'] === 'string' ? variable['default'] : part;
    if (address.length > maxServerLength) return undefined;
  }
  return address;
}

function endpointsOf(document: JsonObject, openapi: string): Endpoint[] {
  const { paths } = document;
  // From 3.1 on a description may have components or webhooks alone; there is nothing to call in it.
  if (paths === undefined && !openapi.startsWith('3.0')) return [];
  if (!isObject(paths)) throw invalid('/paths', 'an object of paths is expected');
  const found = new Map<string, Endpoint>();
  for (const [path, item] of Object.entries(paths)) {
    if (path.startsWith('x-')) continue;
    const pointer = `/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1').slice(0, maxTextLength)}`;
    const glob = globOf(path, pointer);
    for (const [method, operation] of Object.entries(itemAt(document, item, pointer))) {
      if (!methods.has(method)) continue;
      if (!isObject(operation)) throw invalid(`${pointer}/${method}`, 'an operation is expected');
      // Paths that differ in the names of parameters alone are one.
      found.set(`${method} ${glob}`, { method: method.toUpperCase(), path: glob });
    }
    if (found.size > maxEndpoints) {
      throw invalid('/paths', `more than ${maxEndpoints} operations; split the description into several`);
    }
  }
  return [...found.values()];
}

/** The path with a star for each parameter, which stands for one segment. */
function globOf(path: string, pointer: string): string {
  if (!path.startsWith('/')) throw invalid(pointer, "a path begins with '/'");
  if (!isLine(path)) throw invalid(pointer, 'one line of printable characters is expected');
  if (path.length > maxPathLength) throw invalid(pointer, `a path has at most ${maxPathLength} characters`);
  const glob = path
    .replace(/[\\*]/g, '\\$&')
    .replace(/\{[^/{}]+\}/g, '*')
    // Two parameters side by side are still one segment.
    .replace(/(?<!\\)\*{2,}/g, '*');
  if (/[{}]/.test(glob)) throw invalid(pointer, 'a brace without its other, or a parameter without a name');
  return glob;
}

/** A path item, or the one of this document that it refers to. @throws OpenApiError invalid */
export function itemAt(document: JsonObject, item: unknown, pointer: string): JsonObject {
  if (!isObject(item)) throw invalid(pointer, 'an object of operations is expected');
  const reference = item['$ref'];
  if (reference === undefined) return item;
  const name =
    typeof reference === 'string' ? /^#\/components\/pathItems\/([^/]+)$/.exec(reference)?.[1] : undefined;
  if (name === undefined) {
    throw invalid(
      `${pointer}/$ref`,
      'only #/components/pathItems of the same document is followed; put the operations into this one',
    );
  }
  const components = document['components'];
  const items = isObject(components) ? components['pathItems'] : undefined;
  const key = name.replaceAll('~1', '/').replaceAll('~0', '~');
  const target = isObject(items) && Object.hasOwn(items, key) ? items[key] : undefined;
  if (!isObject(target) || target['$ref'] !== undefined) {
    throw invalid(`${pointer}/$ref`, 'there is no such path item in the document');
  }
  return { ...target, ...item };
}

function invalid(pointer: string, expected: string): OpenApiError {
  return new OpenApiError('invalid', `The description cannot be used, at ${pointer}: ${expected}`);
}
