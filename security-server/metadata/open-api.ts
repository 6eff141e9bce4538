import { request } from 'undici';
import { parse as parseYaml } from 'yaml';
import type { Endpoint } from '../settings/index.ts';

/** An OpenAPI 3 description as its provider serves it. */
export interface OpenApiDescription {
  readonly document: Readonly<Record<string, unknown>>;
  readonly isYaml: boolean;
  readonly contentType: string;
}

/** A description that cannot be had or is none. */
export class DescriptionError extends Error {
  override readonly name = 'DescriptionError';
}

const maxBytes = 10 * 1024 * 1024;
const timeoutMs = 20_000;

/**
 * Fetches a description. References inside it are not followed: they could name any file or address.
 * @throws DescriptionError
 */
export async function fetchDescription(url: string): Promise<OpenApiDescription> {
  try {
    const response = await request(url, { headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw new Error('it is larger than 10 MiB');
      chunks.push(chunk);
    }
    if (response.statusCode !== 200) throw new Error(`HTTP status ${response.statusCode}`);
    // As X-Road 7 calls a description whose server does not say what it is.
    const contentType = String(response.headers['content-type'] ?? 'text/plain');
    return { ...readDescription(Buffer.concat(chunks).toString('utf8')), contentType };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DescriptionError(`The OpenAPI description at ${url} could not be read: ${reason}`, { cause });
  }
}

function readDescription(text: string): Pick<OpenApiDescription, 'document' | 'isYaml'> {
  const isYaml = !text.trimStart().startsWith('{');
  const document: unknown = isYaml ? parseYaml(text, { maxAliasCount: 100 }) : JSON.parse(text);
  if (typeof document !== 'object' || document === null || !('openapi' in document)) {
    throw new Error('it is not an OpenAPI 3 document');
  }
  if (!/^3\./.test(String(document.openapi)))
    throw new Error(`its version is ${document.openapi}, expected 3`);
  return { document: { ...document }, isYaml };
}

const methods: ReadonlySet<string> = new Set([
  'get',
  'put',
  'post',
  'delete',
  'options',
  'head',
  'patch',
  'trace',
]);

/** The endpoints a description names, each path parameter standing for one segment. */
export function endpointsOf({ document }: OpenApiDescription): Endpoint[] {
  const { paths } = document;
  if (typeof paths !== 'object' || paths === null) return [];
  return Object.entries(paths).flatMap(([path, operations]) => {
    if (typeof operations !== 'object' || operations === null || !path.startsWith('/')) return [];
    const glob = path
      .replace(/[\\*]/g, '\\$&')
      .replace(/\{[^/{}]+\}/g, '*')
      // Two parameters side by side are still one segment.
      .replace(/(?<!\\)\*{2,}/g, '*');
    return Object.keys(operations)
      .filter((method) => methods.has(method))
      .map((method) => ({ method: method.toUpperCase(), path: glob }));
  });
}
