import { X509Certificate } from 'node:crypto';
import { constants, open, realpath } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Agent, request } from 'undici';
import { letGo } from '../../gateway/transport/index.ts';
import { WsdlError } from './error.ts';

/** How much all documents of one WSDL may still take; counted down as they come. */
export interface Allowance {
  bytesLeft: number;
  /** Per document. */
  readonly timeoutMs: number;
}

interface ReadBytes {
  readonly bytes: Buffer;
  readonly base: URL;
  readonly contentType?: string;
}

/** Where the documents of a WSDL may come from, and how they are read there. */
export interface DocumentReader {
  /**
   * @param location absolute
   * @returns the bytes, what their server calls them, and the address that relative locations in them begin from
   * @throws WsdlError unreachable, forbidden-location, too-large
   */
  read(location: URL, allowance: Allowance): Promise<ReadBytes>;
  /** Lets go of connections. */
  close(): Promise<void>;
}

const maxRedirects = 5;

/**
 * Reads from the web alone: a description from there never reaches this machine's files.
 * @param certificates DER, taken from HTTPS servers instead of those of public authorities; none: public ones
 * @param accept what is asked for
 */
export function webReader(
  certificates: readonly Buffer[],
  accept = 'text/xml, application/wsdl+xml, */*',
): DocumentReader {
  const trusted = certificates.map((der) => new X509Certificate(der).toString());
  const agent = new Agent({ connect: trusted.length === 0 ? {} : { ca: trusted } });
  return {
    close: () => agent.destroy(),
    async read(location, allowance) {
      // One deadline for all of it, so that neither many redirects nor a slow drip stretch it.
      const signal = AbortSignal.timeout(allowance.timeoutMs);
      let at = location;
      for (let redirects = 0; ; redirects += 1) {
        requireWeb(at);
        const next = await readOrFollow(at, allowance, { dispatcher: agent, signal, headers: { accept } });
        if (!(next instanceof URL)) return { ...next, base: at };
        if (next.protocol !== at.protocol) {
          throw new WsdlError(
            'forbidden-location',
            `${shown(at)} redirects from ${at.protocol} to ${next.protocol}; give the address it redirects to`,
          );
        }
        if (redirects >= maxRedirects) {
          throw new WsdlError(
            'unreachable',
            `${shown(location)} redirects more than ${maxRedirects} times; give its final address`,
          );
        }
        at = next;
      }
    },
  };
}

function requireWeb(location: URL): void {
  if (location.protocol === 'http:' || location.protocol === 'https:') return;
  throw new WsdlError(
    'forbidden-location',
    `${shown(location)} is not read: a description from the web, or an uploaded one, may import over http and https only`,
  );
}

/** The document there, or where it was moved to. */
async function readOrFollow(
  at: URL,
  allowance: Allowance,
  options: { readonly dispatcher: Agent; readonly signal: AbortSignal; readonly headers: { accept: string } },
): Promise<Omit<ReadBytes, 'base'> | URL> {
  try {
    const response = await request(at, options);
    const { location, 'content-type': contentType } = response.headers;
    try {
      if ([301, 302, 303, 307, 308].includes(response.statusCode) && typeof location === 'string') {
        return new URL(location, at);
      }
      if (response.statusCode !== 200) {
        throw new WsdlError(
          'unreachable',
          `${shown(at)} answers HTTP status ${response.statusCode}; check that the address is right and open to this server`,
        );
      }
      const bytes = await collect(response.body, allowance);
      return { bytes, ...(typeof contentType === 'string' && { contentType }) };
    } finally {
      letGo(response.body);
    }
  } catch (cause) {
    if (cause instanceof WsdlError) throw cause;
    const reason = options.signal.aborted ? `no whole answer in ${allowance.timeoutMs} ms` : reasonOf(cause);
    throw new WsdlError(
      'unreachable',
      `${shown(at)} cannot be read: ${reason}; check the address, that this server can reach it, and the certificate given for it if it is https`,
      { cause },
    );
  }
}

/**
 * Reads files of one folder alone, the one the first document lies in. Links are followed before the folder is
 * compared, and nothing but plain files is opened.
 */
export async function folderReader(file: URL): Promise<DocumentReader> {
  const folder = await realpath(dirname(fileURLToPath(file))).catch((cause: unknown) => {
    throw fileRefusal(file, cause);
  });
  return {
    close: async () => undefined,
    async read(location, allowance) {
      const path = await pathOf(location);
      if (!path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)) {
        throw new WsdlError(
          'forbidden-location',
          `${shown(location)} is outside ${folder}; a description from a file imports from its own folder only, copy it there`,
        );
      }
      // Without waiting: a pipe would be opened once somebody writes to it.
      const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
        throw fileRefusal(location, cause);
      });
      try {
        // A device may never end.
        if (!(await handle.stat()).isFile()) {
          throw new WsdlError('forbidden-location', `${shown(location)} is not a plain file`);
        }
        const bytes = await collect(handle.createReadStream({ autoClose: false }), allowance);
        return { bytes, base: pathToFileURL(path) };
      } finally {
        await handle.close();
      }
    },
  };
}

async function pathOf(location: URL): Promise<string> {
  if (location.protocol !== 'file:') {
    throw new WsdlError(
      'forbidden-location',
      `${shown(location)} is not read: a description from a file imports from its own folder only`,
    );
  }
  try {
    return await realpath(fileURLToPath(location));
  } catch (cause) {
    throw fileRefusal(location, cause);
  }
}

function fileRefusal(location: URL, cause: unknown): WsdlError {
  return new WsdlError('unreachable', `${shown(location)} cannot be read: ${reasonOf(cause)}`, { cause });
}

async function collect(stream: AsyncIterable<Buffer>, allowance: Allowance): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    allowance.bytesLeft -= chunk.length;
    requireRoom(allowance);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @throws WsdlError too-large */
export function requireRoom({ bytesLeft }: Allowance): void {
  if (bytesLeft >= 0) return;
  throw new WsdlError(
    'too-large',
    'The description and its imports are larger than 10 MiB together; split it into several',
  );
}

/** For refusals: a location may hold a password, or be very long. */
export function shown(location: URL): string {
  const copy = new URL(location);
  copy.username = '';
  copy.password = '';
  return copy.href.slice(0, 300);
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
