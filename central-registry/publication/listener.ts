import { open, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type ConfigurationVersion, directoryTag, versions } from '../../gateway/configuration/index.ts';
import type { ConfigurationSource } from '../register/index.ts';
import { directoryPath, historyFolder } from './folder.ts';
import type { Holding } from './holding.ts';
import { type Poll, readPoll } from './polls.ts';

/** Longest wait for a request's head, and for a slow reader to take the next octets. Milliseconds. */
const deadlineMs = 30_000;

export interface PublicationListening {
  /** Where what is published lies. */
  readonly root: string;
  /** Requests that wait for a change; rung by who publishes. */
  readonly holding: Holding;
  /** Told of each request for a directory by a server that says who it is. */
  readonly onPoll?: (poll: Poll) => void;
  readonly report: (error: unknown) => void;
}

/**
 * Serves the published folder to security servers and other instances: signed directories, and the parts they
 * name. Nothing here is secret, and readers trust the signature, not this connection. Who knows the directory by its
 * entity tag is told when it is unchanged, at once, or, with `Prefer: wait`, as soon as it changes.
 * @see X-Road global configuration: download; RFC 9110 section 13.1.2, RFC 7240 section 4.3
 */
export function createPublicationServer(listening: PublicationListening): Server {
  const server = createServer(
    { headersTimeout: deadlineMs, requestTimeout: deadlineMs },
    (request, response) => {
      answer(listening, request, response).catch((error: unknown) => {
        // The reader went away, or the disk failed after the head was sent: a cut body says so best.
        response.destroy();
        if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') listening.report(error);
      });
    },
  );
  server.setTimeout(deadlineMs);
  return server;
}

async function answer(
  listening: PublicationListening,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD', 'content-length': 0 }).end();
    return;
  }
  const wanted = resolve(listening.root, request.url ?? '');
  if (wanted?.kind === 'directory') await answerDirectory(listening, wanted, request, response);
  else await answerFile(wanted, request, response);
}

async function answerDirectory(
  { holding, onPoll }: PublicationListening,
  { path, contentType }: Wanted,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const poll = readPoll(request.headers);
  if (poll !== undefined) onPoll?.(poll);
  const known = request.headers['if-none-match'];
  const look = async () => {
    const body = await readIfThere(path);
    return body === undefined ? undefined : { body, etag: `"${directoryTag(body)}"` };
  };
  const isUnchanged = (found: Awaited<ReturnType<typeof look>>) =>
    found !== undefined && isKnown(known, found.etag);
  let found = await look();
  const waitMs = request.method === 'GET' ? readWait(request.headers['prefer']) : undefined;
  const place =
    waitMs !== undefined && isUnchanged(found) ? holding.take(request.socket.remoteAddress ?? '') : undefined;
  if (place !== undefined && waitMs !== undefined) {
    response.once('close', () => place.release('gone'));
    // It closed while the directory was read: nothing would tell that any more.
    if (response.destroyed) place.release('gone');
    try {
      const end = Date.now() + Math.min(waitMs, holding.longestMs);
      // Looked at again with the place taken: a change in between has rung for nobody.
      for (let why = 'rung'; why === 'rung'; why = await place.wait(Math.max(end - Date.now(), 0))) {
        found = await look();
        if (!isUnchanged(found)) break;
      }
    } finally {
      place.leave();
    }
  }
  if (response.destroyed) return;
  if (found === undefined) {
    response.writeHead(404, { 'content-length': 0 }).end();
    return;
  }
  const { body, etag } = found;
  const headers = {
    ...{ etag, 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' },
    ...(place !== undefined && { 'preference-applied': 'wait' }),
  };
  if (isUnchanged(found)) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, 'content-type': contentType, 'content-length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function answerFile(
  wanted: Wanted | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const file = wanted && (await openIfThere(wanted.path));
  if (wanted === undefined || file === undefined) {
    response.writeHead(404, { 'content-length': 0 }).end();
    return;
  }
  try {
    const { size } = await file.stat();
    const headers = {
      'cache-control': wanted.kind === 'checkpoint' ? 'no-cache' : 'max-age=600, immutable',
      'x-content-type-options': 'nosniff',
      // A generation's name is given once: what has it never changes.
      ...(wanted.kind === 'part' && { etag: `"${wanted.name}"` }),
    };
    if (wanted.kind === 'part' && isKnown(request.headers['if-none-match'], `"${wanted.name}"`)) {
      response.writeHead(304, headers).end();
      return;
    }
    response.writeHead(200, { ...headers, 'content-type': wanted.contentType, 'content-length': size });
    if (request.method === 'HEAD' || size === 0) {
      response.end();
      return;
    }
    await pipeline(file.createReadStream({ autoClose: false, end: size - 1 }), response);
  } finally {
    await file.close();
  }
}

/** Readers send it back as they got it; a mirror may have made it a weak one. */
function isKnown(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((one) => ['*', tag].includes(one.trim().replace(/^W\//, '')));
}

/** @returns undefined without a wish to wait. Milliseconds. */
function readWait(prefer: string | string[] | undefined): number | undefined {
  const seconds = /(?:^|[,;]\s*)wait\s*=\s*"?(\d{1,5})"?\s*(?:[,;]|$)/i.exec([prefer].flat().join(', '))?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

interface Wanted {
  readonly path: string;
  readonly contentType: string;
  /** Directories and the checkpoint change under their names, parts and tiles never do. */
  readonly kind: 'directory' | 'part' | 'checkpoint' | 'tile';
  /** Below the folder. */
  readonly name: string;
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
  return { path: join(root, `V${version}`, name), contentType, kind: 'part', name: `V${version}/${name}` };
}

/** Names of C2SP tlog-tiles. */
const historyPattern =
  /^\/history\/(checkpoint|tile\/\d{1,2}\/(?:x\d{3}\/){0,5}\d{3}(?:\.p\/[1-9]\d{0,2})?)$/;

function historyFile(root: string, path: string, isCheckpoint: boolean): Wanted {
  return {
    path: join(root, historyFolder, path.slice(`/${historyFolder}/`.length)),
    contentType: isCheckpoint ? 'text/plain; charset=UTF-8' : 'application/octet-stream',
    kind: isCheckpoint ? 'checkpoint' : 'tile',
    name: path.slice(1),
  };
}

function directory(root: string, version: ConfigurationVersion, source: ConfigurationSource): Wanted {
  return {
    path: directoryPath(root, version, source),
    // The body carries MIME headers of its own, which are what counts.
    contentType: 'application/octet-stream',
    kind: 'directory',
    name: `V${version}/${source}conf`,
  };
}

/** Readers of the first releases ask for no version and understand 2. */
function versionOf(query: string): ConfigurationVersion | undefined {
  const asked = new URLSearchParams(query).get('version') ?? '2';
  return versions.find((known) => String(known) === asked);
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function openIfThere(path: string) {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
