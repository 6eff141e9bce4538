import { createHash } from 'node:crypto';
import { WsdlError, webReader } from '../wsdl/index.ts';
import { OpenApiError } from './error.ts';
import { maxOpenApiBytes } from './limits.ts';
import type { ReadOpenApi } from './read.ts';
import { readAside } from './read-aside.ts';

/** Where an OpenAPI description is taken from. */
export type OpenApiSource =
  | {
      readonly kind: 'url';
      readonly url: string;
      /** DER, taken from HTTPS servers instead of those of public authorities; none: public ones. */
      readonly certificates: readonly Buffer[];
    }
  | { readonly kind: 'bytes'; readonly bytes: Buffer };

/** All that a server takes from an OpenAPI description. */
export interface ImportedOpenApi extends Omit<ReadOpenApi, 'isYaml' | 'published' | 'servers'> {
  /** Of the source, as callers are told it. */
  readonly contentType: string;
  /** The document as callers are given it. */
  readonly published: Buffer;
  /** Where it says that the service is: the first of its servers that is an address; absent when none is. */
  readonly suggestedUrl?: string;
  /** SHA-256 of the document, hex: what was looked at is what is accepted. */
  readonly digest: string;
}

const fetchTimeoutMs = 20_000;
const readTimeoutMs = 60_000;

/**
 * Reads an OpenAPI description.
 * @param roadPath path under which callers reach the service
 * @throws OpenApiError
 */
export async function importOpenApi(
  source: OpenApiSource,
  roadPath: string,
  timeoutMs = readTimeoutMs,
): Promise<ImportedOpenApi> {
  const { bytes, contentType, base } = await take(source);
  const read = await readAside({ bytes, roadPath }, timeoutMs);
  const { isYaml, published, servers, ...rest } = read;
  const suggestedUrl = firstAddress(servers, base);
  return {
    ...rest,
    contentType: contentType ?? (isYaml ? 'application/yaml' : 'application/json'),
    published: Buffer.from(published),
    ...(suggestedUrl !== undefined && { suggestedUrl }),
    digest: createHash('sha256').update(bytes).digest('hex'),
  };
}

interface Taken {
  readonly bytes: Buffer;
  readonly contentType?: string;
  readonly base?: URL;
}

async function take(source: OpenApiSource): Promise<Taken> {
  if (source.kind === 'bytes') {
    if (source.bytes.length > maxOpenApiBytes) throw tooLarge();
    return { bytes: source.bytes };
  }
  const reader = webReader(source.certificates, 'application/json, application/yaml, */*');
  try {
    const allowance = { bytesLeft: maxOpenApiBytes, timeoutMs: fetchTimeoutMs };
    const { bytes, base, contentType } = await reader.read(new URL(source.url), allowance);
    // As X-Road 7 calls a description whose server does not say what it is; nor is told what no header may hold.
    const isUsable = contentType !== undefined && /^[\x20-\x7e]{1,200}$/.test(contentType);
    return { bytes, base, contentType: isUsable ? contentType : 'text/plain' };
  } catch (cause) {
    if (!(cause instanceof WsdlError)) throw cause;
    if (cause.code === 'too-large') throw tooLarge();
    const code = cause.code === 'forbidden-location' ? cause.code : 'unreachable';
    throw new OpenApiError(code, cause.message, { cause });
  } finally {
    await reader.close();
  }
}

function tooLarge(): OpenApiError {
  return new OpenApiError('too-large', 'The description is larger than 10 MiB; split it into several');
}

function firstAddress(servers: readonly string[], base: URL | undefined): string | undefined {
  for (const server of servers) {
    const address = addressOf(server, base);
    if (address !== undefined) return address;
  }
  return undefined;
}

/** A server of a description as an address; a relative one begins where the description lies. */
function addressOf(server: string, base: URL | undefined): string | undefined {
  if (/[{}]/.test(server) || !URL.canParse(server, base?.href)) return undefined;
  const url = new URL(server, base?.href);
  const isUsable =
    (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.search === '';
  return isUsable ? url.href.replace(/\/$/, '') : undefined;
}
