import type { IncomingHttpHeaders } from 'node:http';
import {
  directoryTag,
  pollingConfigurationHeader,
  pollingServerHeader,
} from '../../gateway/configuration/index.ts';
import { IdentifierError, parseEncodedServer, printEncoded } from '../../gateway/identifier/index.ts';

/** What a server says of itself when it asks for the directory. */
export interface Poll {
  /** Encoded form. */
  readonly server: string;
  /** Tag of the directory it has in force. */
  readonly tag?: string;
}

/** @returns undefined when it says nothing, or nothing that can be one */
export function readPoll(headers: IncomingHttpHeaders): Poll | undefined {
  const [name, tag] = [headers[pollingServerHeader], headers[pollingConfigurationHeader]];
  if (typeof name !== 'string' || name.length > maxNameLength) return undefined;
  try {
    const server = printEncoded(parseEncodedServer(name));
    return { server, ...(typeof tag === 'string' && /^[\w-]{22}$/.test(tag) && { tag }) };
  } catch (error) {
    if (error instanceof IdentifierError) return undefined;
    throw error;
  }
}

/** Four codes of 255 characters, each of three octets and escaped. */
const maxNameLength = 10_000;

/** A publication, as far as servers are held against it. */
export interface Published {
  /** Directories for own servers, one of each version. */
  readonly directories: readonly Buffer[];
  readonly at: Date;
  /** When what the directories name was last another; renewals alone change nothing of it. */
  readonly changedAt: Date;
  /** Encoded identifiers of the servers of the instance. */
  readonly servers: ReadonlySet<string>;
}

/** Which configuration a server has, as it said itself. */
export interface SeenConfiguration {
  /** When it asked last. */
  readonly at: Date;
  /** current: what is published now. former: what was before. unknown: none that this run published, or not told. */
  readonly state: 'current' | 'former' | 'unknown';
  /** When what it has was published; absent when that is unknown. */
  readonly publishedAt?: Date;
}

/** A renewal a minute, in five versions: those of a day. */
const maxDirectories = 8_000;

/**
 * Which server has which configuration. Servers say so when they ask for the directory, and nothing proves it: it is
 * kept in memory alone, for registered servers alone, and decides nothing.
 */
export class Polls {
  readonly #now: () => Date;
  readonly #last = new Map<string, { readonly at: Date; readonly tag: string | undefined }>();
  readonly #published = new Map<string, { readonly at: Date; readonly changedAt: Date }>();
  #servers: ReadonlySet<string> = new Set();
  #changedAt: Date | undefined;

  constructor(now: () => Date) {
    this.#now = now;
  }

  published({ directories, at, changedAt, servers }: Published): void {
    for (const body of directories) {
      const tag = directoryTag(body);
      this.#published.delete(tag);
      this.#published.set(tag, { at, changedAt });
    }
    for (const tag of this.#published.keys()) {
      if (this.#published.size <= maxDirectories) break;
      this.#published.delete(tag);
    }
    this.#changedAt = changedAt;
    this.#servers = servers;
    for (const server of this.#last.keys()) if (!servers.has(server)) this.#last.delete(server);
  }

  note({ server, tag }: Poll): void {
    if (this.#servers.has(server)) this.#last.set(server, { at: this.#now(), tag });
  }

  /** @param server encoded form @returns undefined when it was not heard of since this run began */
  of(server: string): SeenConfiguration | undefined {
    const last = this.#last.get(server);
    if (last === undefined) return undefined;
    const { at, tag } = last;
    const published = tag === undefined ? undefined : this.#published.get(tag);
    if (published === undefined) return { at, state: 'unknown' };
    const isCurrent = published.changedAt.getTime() === this.#changedAt?.getTime();
    return { at, state: isCurrent ? 'current' : 'former', publishedAt: published.at };
  }
}
