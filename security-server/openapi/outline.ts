import { type Contact, readContact } from './contact.ts';
import { exampleOf } from './example.ts';
import { isObject, type JsonObject, parseDescription } from './parse.ts';
import { itemAt, methods, requireVersion } from './read.ts';
import { followed } from './reference.ts';
import { lineIn, textIn } from './texts.ts';

/** What a description of somebody else's service tells those who want to call it, bounded and in plain text. */
export interface OpenApiOutline {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
  readonly contact?: Contact;
  readonly operations: readonly OutlinedOperation[];
  /** Operations that are left out. */
  readonly omitted: number;
}

export interface OutlinedOperation {
  readonly method: string;
  /** With names in braces, as it is described. */
  readonly path: string;
  readonly summary?: string;
  readonly description?: string;
  readonly isDeprecated: boolean;
  readonly parameters: readonly OutlinedParameter[];
  readonly body?: OutlinedBody;
  readonly answers: readonly { readonly status: string; readonly description: string }[];
}

export interface OutlinedParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly isRequired: boolean;
  readonly description?: string;
  readonly example?: string;
}

export interface OutlinedBody {
  readonly contentType: string;
  readonly isRequired: boolean;
  readonly example?: string;
}

/** Octets of an outline as JSON: what a stranger writes takes no more room than this. */
const maxOutlineBytes = 256 * 1024;
const maxOperations = 500;
const maxParameters = 30;
const maxAnswers = 20;
const maxPathLength = 1_000;
const maxBodyLength = 4_000;
const places: ReadonlySet<unknown> = new Set(['path', 'query', 'header']);

/**
 * Reads what a description tells callers. It is a stranger's: nothing of it is fetched or followed out of the document,
 * texts are cut, and what does not fit its form is left out rather than shown.
 * @param bytes JSON or YAML, UTF-8
 * @throws OpenApiError malformed, not-openapi, unsupported-version
 */
export function outlineOpenApi(bytes: Uint8Array): OpenApiOutline {
  const { document } = parseDescription(bytes);
  requireVersion(document);
  const info = isObject(document['info']) ? document['info'] : {};
  const description = textIn(info['description']);
  const contact = readContact(info['contact']);
  const head = {
    title: lineIn(info['title']) ?? '',
    version: lineIn(info['version']) ?? '',
    ...(description !== undefined && { description }),
    ...(contact !== undefined && { contact }),
  };
  const operations: OutlinedOperation[] = [];
  let omitted = 0;
  let size = Buffer.byteLength(JSON.stringify(head));
  for (const operation of operationsOf(document)) {
    const takes = operations.length < maxOperations ? operation() : undefined;
    const octets = takes === undefined ? 0 : Buffer.byteLength(JSON.stringify(takes)) + 1;
    if (takes === undefined || size + octets > maxOutlineBytes) {
      omitted += 1;
      continue;
    }
    size += octets;
    operations.push(takes);
  }
  return { ...head, operations, omitted };
}

function* operationsOf(document: JsonObject): Generator<() => OutlinedOperation> {
  const paths = isObject(document['paths']) ? document['paths'] : {};
  for (const [path, listed] of Object.entries(paths)) {
    if (!path.startsWith('/') || path.length > maxPathLength || /[^ -~\u00a0-\uffff]/.test(path)) continue;
    const item = tryItem(document, listed);
    if (item === undefined) continue;
    for (const [method, operation] of Object.entries(item)) {
      if (!methods.has(method) || !isObject(operation)) continue;
      yield () => outlineOperation(document, path, method, item, operation);
    }
  }
}

/** A path item that is no use to callers is none. */
function tryItem(document: JsonObject, listed: unknown): JsonObject | undefined {
  try {
    return itemAt(document, listed, '');
  } catch {
    return undefined;
  }
}

function outlineOperation(
  document: JsonObject,
  path: string,
  method: string,
  item: JsonObject,
  operation: JsonObject,
): OutlinedOperation {
  const summary = lineIn(operation['summary']) ?? lineIn(item['summary']);
  const description = textIn(operation['description']);
  const body = bodyOf(document, operation['requestBody']);
  return {
    ...{ method: method.toUpperCase(), path },
    ...(summary !== undefined && { summary }),
    ...(description !== undefined && { description }),
    isDeprecated: operation['deprecated'] === true,
    parameters: parametersOf(document, item, operation),
    ...(body !== undefined && { body }),
    answers: answersOf(document, operation['responses']),
  };
}

/** Of the operation, then those of its path that it does not give anew. */
function parametersOf(document: JsonObject, item: JsonObject, operation: JsonObject): OutlinedParameter[] {
  const found = new Map<string, OutlinedParameter>();
  for (const list of [operation['parameters'], item['parameters']]) {
    if (!Array.isArray(list)) continue;
    for (const one of list.slice(0, maxParameters)) {
      const parameter = followed(document, one, 'parameters');
      const name = lineIn(parameter?.['name']);
      const place = parameter?.['in'];
      if (parameter === undefined || name === undefined || !places.has(place)) continue;
      const key = `${place} ${name}`;
      if (found.has(key)) continue;
      const description = lineIn(parameter['description']);
      const example = scalarOf(exampleOf(document, parameter, { isValueOnly: true }));
      found.set(key, {
        ...{ name, in: place as OutlinedParameter['in'] },
        isRequired: place === 'path' || parameter['required'] === true,
        ...(description !== undefined && { description }),
        ...(example !== undefined && { example }),
      });
    }
  }
  return [...found.values()].slice(0, maxParameters);
}

function scalarOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? lineIn(String(value))
    : undefined;
}

/** One token and its kind: what goes into a header is no place for a stranger's text. */
const mediaType = /^[A-Za-z0-9!#$&^_.+-]{1,60}\/[A-Za-z0-9!#$&^_.+-]{1,60}$/;

/** The first JSON type of the body, else its first. */
function bodyOf(document: JsonObject, given: unknown): OutlinedBody | undefined {
  const body = followed(document, given, 'requestBodies');
  const content = body?.['content'];
  if (body === undefined || !isObject(content)) return undefined;
  const types = Object.keys(content).filter((type) => mediaType.test(type));
  const contentType = types.find((type) => /[/+]json$/i.test(type)) ?? types[0];
  if (contentType === undefined) return undefined;
  const media = content[contentType];
  const value = isObject(media) ? exampleOf(document, media, { isValueOnly: false }) : undefined;
  const example = bodyText(value, contentType);
  return {
    ...{ contentType, isRequired: body['required'] === true },
    ...(example !== undefined && { example }),
  };
}

function bodyText(value: unknown, contentType: string): string | undefined {
  if (value === undefined) return undefined;
  if (/[/+]json$/i.test(contentType)) {
    const text = JSON.stringify(value, undefined, 2);
    // Half of a document is no example of it.
    return text.length > maxBodyLength ? undefined : textIn(text);
  }
  return typeof value === 'string' ? textIn(value) : undefined;
}

function answersOf(document: JsonObject, given: unknown) {
  if (!isObject(given)) return [];
  return Object.entries(given)
    .filter(([status]) => /^([1-5](\d\d|XX)|default)$/.test(status))
    .slice(0, maxAnswers)
    .map(([status, one]) => {
      const answer = followed(document, one, 'responses');
      return { status, description: lineIn(answer?.['description']) ?? '' };
    });
}
