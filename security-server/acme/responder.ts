import { createServer } from 'node:http';
import { type Listening, listen } from '../../gateway/http/index.ts';
import type { ChallengeResponder } from './authorize.ts';

const prefix = '/.well-known/acme-challenge/';
const maxShown = 100;
const maxConnections = 50;

export interface ResponderOptions {
  readonly host: string;
  /** 80 is where authorities ask; another one when something leads here from there. */
  readonly port: number;
}

/**
 * Shows authorities that the address of this server is ours. Listens only while one wants to see it, and knows
 * nothing but the tokens that are being tried.
 * @see RFC 8555 §8.3
 */
export class HttpResponder implements ChallengeResponder {
  readonly #options: ResponderOptions;
  readonly #shown = new Map<string, string>();
  #listening: Promise<Listening> | undefined;
  /** Starting and stopping, one after another: a port is free only when its listener has closed. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /** @throws PortError when it cannot listen */
  async show(token: string, keyAuthorization: string): Promise<() => Promise<void>> {
    if (this.#shown.size >= maxShown) throw new RangeError(`more than ${maxShown} challenges at a time`);
    this.#shown.set(token, keyAuthorization);
    const hide = async () => {
      this.#shown.delete(token);
      await this.#inTurn(() => this.#settle());
    };
    try {
      await this.#inTurn(() => this.#settle());
    } catch (error) {
      await hide();
      throw error;
    }
    return hide;
  }

  /** Where it listens, while it does. */
  get address(): Promise<{ readonly host: string; readonly port: number }> | undefined {
    return this.#listening;
  }

  async #settle(): Promise<void> {
    const isWanted = this.#shown.size > 0;
    if (isWanted && this.#listening === undefined) {
      const { host, port } = this.#options;
      this.#listening = listen(this.#createServer(), host, port, 'acme.listenPort of the settings');
      await this.#listening.catch((error: unknown) => {
        this.#listening = undefined;
        throw error;
      });
    } else if (!isWanted && this.#listening !== undefined) {
      const listening = await this.#listening;
      this.#listening = undefined;
      await listening.close(1_000);
    }
  }

  #inTurn<Value>(act: () => Promise<Value>): Promise<Value> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #createServer() {
    const server = createServer(
      { maxHeaderSize: 8 * 1024, headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: 1_000 },
      ({ method, url = '' }, response) => {
        const token = url.startsWith(prefix) ? url.slice(prefix.length) : '';
        const answer = method === 'GET' || method === 'HEAD' ? this.#shown.get(token) : undefined;
        // One answer a connection: whoever comes here has no more to ask.
        const headers = { 'content-type': 'application/octet-stream', connection: 'close' };
        if (answer === undefined) response.writeHead(404, { connection: 'close' }).end();
        else response.writeHead(200, { ...headers, 'content-length': answer.length }).end(answer);
      },
    );
    server.maxConnections = maxConnections;
    return server;
  }
}
