import { open } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type ConfigurationVersion, versions } from '../../gateway/configuration/index.ts';
import type { ConfigurationSource } from '../register/index.ts';
import { directoryPath, historyFolder } from './folder.ts';

/** Longest wait for a request's head, and for a slow reader to take the next octets. Milliseconds. */
const deadlineMs = 30_000;

/**
 * Serves the published folder to security servers and other instances: signed directories, and the parts they
 * name. Nothing here is secret, and readers trust the signature, not this connection.
 * @see X-Road global configuration: download
 */
export function createPublicationServer(root: string, report: (error: unknown) => void): Server {
  const server = createServer(
    { headersTimeout: deadlineMs, requestTimeout: deadlineMs },
    (request, response) => {
      answer(root, request, response).catch((error: unknown) => {
        // The reader went away, or the disk failed after the head was sent: a cut body says so best.
        response.destroy();
        if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') report(error);
      });
    },
  );
  server.setTimeout(deadlineMs);
  return server;
}

async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD', 'content-length': 0 }).end();
    return;
  }
  const wanted = resolve(root, request.url ?? '');
  const file = wanted && (await openIfThere(wanted.path));
  if (wanted === undefined || file === undefined) {
    response.writeHead(404, { 'content-length': 0 }).end();
    return;
  }
  try {
    const { size } = await file.stat();
    response.writeHead(200, {
      'content-type': wanted.contentType,
      'content-length': size,
      'cache-control': wanted.isFixed ? 'max-age=600, immutable' : 'no-cache',
      'x-content-type-options': 'nosniff',
    });
    if (request.method === 'HEAD' || size === 0) {
      response.end();
      return;
    }
    await pipeline(file.createReadStream({ autoClose: false, end: size - 1 }), response);
  } finally {
    await file.close();
  }
}

interface Wanted {
  readonly path: string;
  readonly contentType: string;
  /** Never changes under this name. */
  readonly isFixed: boolean;
}

/** Only names of the published layout reach the disk, so no path can lead out of the folder. */
function resolve(root: string, target: string): Wanted | undefined {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const ofHistory = historyPattern.exec(path);
  if (ofHistory !== null) return historyFile(root, path, ofHistory[1] === 'checkpoint');
  const source = /^\/(internal|external)conf$/.exec(path)?.[1] as ConfigurationSource | undefined;
  if (source !== undefined) {
    const version = versionOf(mark < 0 ? '' : target.slice(mark + 1));
    return version && directory(root, version, source);
  }
  const [, ofVersion, name] =
    /^\/V(\d)\/(internalconf|externalconf|\d{23}\/[a-z-]+\.(?:xml|json))$/.exec(path) ?? [];
  const version = versions.find((known) => String(known) === ofVersion);
  if (version === undefined || name === undefined) return undefined;
  if (name === 'internalconf') return directory(root, version, 'internal');
  if (name === 'externalconf') return directory(root, version, 'external');
  const contentType = name.endsWith('.json') ? 'application/json' : 'text/xml; charset=UTF-8';
  return { path: join(root, `V${version}`, name), contentType, isFixed: true };
}

/** Names of C2SP tlog-tiles. */
const historyPattern =
  /^\/history\/(checkpoint|tile\/\d{1,2}\/(?:x\d{3}\/){0,5}\d{3}(?:\.p\/[1-9]\d{0,2})?)$/;

function historyFile(root: string, path: string, isCheckpoint: boolean): Wanted {
  return {
    path: join(root, historyFolder, path.slice(`/${historyFolder}/`.length)),
    contentType: isCheckpoint ? 'text/plain; charset=UTF-8' : 'application/octet-stream',
    isFixed: !isCheckpoint,
  };
}

function directory(root: string, version: ConfigurationVersion, source: ConfigurationSource): Wanted {
  return {
    path: directoryPath(root, version, source),
    // The body carries MIME headers of its own, which are what counts.
    contentType: 'application/octet-stream',
    isFixed: false,
  };
}

/** Readers of the first releases ask for no version and understand 2. */
function versionOf(query: string): ConfigurationVersion | undefined {
  const asked = new URLSearchParams(query).get('version') ?? '2';
  return versions.find((known) => String(known) === asked);
}

async function openIfThere(path: string) {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
