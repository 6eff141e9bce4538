import { isMap, parseDocument, YAMLError } from 'yaml';
import { OpenApiError } from './error.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Levels of a document: honest ones have a tenth of it. */
const maxDepth = 200;
/** Uses of what a YAML document names once; more would make a small document a large one. */
const maxAliases = 100;

/**
 * Reads JSON or YAML, whichever it is.
 * @throws OpenApiError malformed, not-openapi
 */
export function parseDescription(bytes: Uint8Array): {
  readonly document: JsonObject;
  readonly isYaml: boolean;
} {
  const text = decode(bytes);
  const isYaml = !text.trimStart().startsWith('{');
  const document = isYaml ? parseYaml(text) : parseJson(text);
  if (!isObject(document)) {
    throw new OpenApiError(
      'not-openapi',
      'The document is not an OpenAPI description: it is no object of names and values',
    );
  }
  requireShallow(document);
  return { document, isYaml };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function decode(bytes: Uint8Array): string {
  try {
    // Drops the byte-order mark.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new OpenApiError('malformed', 'The document is not UTF-8; save it as UTF-8', { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new OpenApiError('malformed', `The document is not JSON: ${reasonOf(cause)}`, { cause });
  }
}

function parseYaml(text: string): unknown {
  try {
    const parsed = parseDocument(text, { prettyErrors: false });
    const [error] = parsed.errors;
    if (error !== undefined) throw error;
    if (!isMap(parsed.contents)) return undefined;
    return parsed.toJS({ maxAliasCount: maxAliases });
  } catch (cause) {
    const at = cause instanceof YAMLError ? `, line ${lineOf(text, cause.pos[0])}` : '';
    const said = `The document is neither JSON nor YAML that is read here${at}: ${reasonOf(cause)}`;
    throw new OpenApiError('malformed', said, { cause });
  }
}

function lineOf(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.slice(0, 300) : String(cause);
}

/** What is deeper is not walked through, here nor by callers. @throws OpenApiError malformed */
function requireShallow(document: object): void {
  const seen = new Set<object>();
  const waiting: [object, number][] = [[document, 1]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [value, depth] = next;
    if (depth > maxDepth) {
      throw new OpenApiError('malformed', `The document has more than ${maxDepth} levels`);
    }
    if (seen.has(value)) continue;
    seen.add(value);
    for (const inner of Object.values(value)) {
      if (typeof inner === 'object' && inner !== null) waiting.push([inner, depth + 1]);
    }
  }
}
