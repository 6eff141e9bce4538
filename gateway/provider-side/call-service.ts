import { STATUS_CODES } from 'node:http';
import { Agent, type Dispatcher } from 'undici';
import { Fault } from '../fault/index.ts';
import { printFull } from '../identifier/index.ts';
import type { RestRequest } from '../message/index.ts';
import type { ServiceSettings } from '../road/index.ts';
import { type HeldBody, letGo } from '../transport/index.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';

/** A service's answer, its body still on the way. */
export interface ServiceAnswer {
  readonly status: number;
  readonly reason: string;
  /** As the service spelled and ordered them. */
  readonly headers: readonly (readonly [string, string])[];
  /** Undefined for 204, 205, 304 and answers to HEAD: these have no entity. */
  readonly body?: AsyncIterable<Uint8Array>;
  /** Lets go of the connection when the body is not wanted. */
  readonly abandon: () => void;
}

/** A SOAP service's answer, its body still on the way. */
export interface SoapServiceReply {
  readonly status: number;
  readonly contentType?: string;
  readonly body: AsyncIterable<Uint8Array>;
  /** Lets go of the connection when the body is not wanted. */
  readonly abandon: () => void;
}

const withBody = new Set(['POST', 'PUT', 'PATCH']);
const withoutEntity = new Set([204, 205, 304]);

interface ServiceCallerOptions {
  /** Told how each call went: without `error` the service began to answer. */
  readonly onCalled?: (service: ServiceSettings, error?: Fault) => void;
  /** Leaves services alone that fail; absent: none. */
  readonly breaker?: CircuitBreaker | undefined;
}

/** Calls services over connections kept open, one set per way of checking their certificates. */
export class ServiceCaller {
  readonly #agents = new Map<string, Agent>();
  readonly #options: ServiceCallerOptions;

  constructor(options: ServiceCallerOptions = {}) {
    this.#options = options;
  }

  /**
   * Calls a service with the request exactly as its client sent it. Redirects are not followed and nothing is
   * tried twice.
   * @throws Fault ServiceMalformedUrl, NetworkError, UnknownHost
   */
  async call(
    service: ServiceSettings,
    request: RestRequest,
    body: HeldBody | undefined,
  ): Promise<ServiceAnswer> {
    const { origin, path } = targetOf(service, request);
    const sent = withBody.has(request.verb) ? body : undefined;
    // Lengths are known; a method that carries no body announces none.
    const length = withBody.has(request.verb) ? ['content-length', String(sent?.size ?? 0)] : [];
    this.#options.breaker?.enter(service);
    try {
      const response = await this.#agentFor(service).request({
        origin,
        path,
        method: request.verb as Dispatcher.HttpMethod,
        headers: [...request.headers.flat(), ...length],
        body: sent === undefined ? null : (sent.bytes ?? (sent.chunks() as never)),
        headersTimeout: service.timeoutMs,
        bodyTimeout: service.timeoutMs,
        responseHeaders: 'raw',
      });
      this.#called(service);
      const hasEntity = request.verb !== 'HEAD' && !withoutEntity.has(response.statusCode);
      if (!hasEntity) response.body.resume();
      return {
        status: response.statusCode,
        reason: STATUS_CODES[response.statusCode] ?? 'Unknown',
        headers: pairs(response.headers as unknown as (string | Buffer)[]),
        ...(hasEntity ? { body: response.body } : {}),
        abandon: () => letGo(response.body),
      };
    } catch (error) {
      throw this.#failed(error, service);
    }
  }

  /**
   * Posts a SOAP message to a service. Redirects are not followed and nothing is tried twice.
   * @param context headers that tell it of the trace it is part of
   * @throws Fault ServiceMissingUrl, ServiceMalformedUrl, NetworkError, UnknownHost
   */
  async post(
    service: ServiceSettings,
    message: { readonly contentType: string; readonly length: number; readonly body: AsyncIterable<Buffer> },
    soapAction: string,
    context: readonly (readonly [string, string])[] = [],
  ): Promise<SoapServiceReply> {
    const url = addressOf(service);
    this.#options.breaker?.enter(service);
    try {
      const response = await this.#agentFor(service).request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: 'POST',
        headers: {
          'content-type': message.contentType,
          'content-length': String(message.length),
          soapaction: soapAction,
          ...Object.fromEntries(context),
        },
        body: message.body as never,
        headersTimeout: service.timeoutMs,
        bodyTimeout: service.timeoutMs,
      });
      this.#called(service);
      const contentType = response.headers['content-type'];
      return {
        status: response.statusCode,
        ...(typeof contentType === 'string' && { contentType }),
        body: response.body,
        abandon: () => letGo(response.body),
      };
    } catch (error) {
      throw this.#failed(error, service);
    }
  }

  #failed(error: unknown, service: ServiceSettings): Fault {
    const fault = serviceFault(error, service);
    // A body that our own side broke off says nothing of the service.
    if (error instanceof Fault) this.#options.breaker?.leave(service);
    else this.#called(service, fault);
    return fault;
  }

  #called(service: ServiceSettings, fault?: Fault): void {
    this.#options.breaker?.note(service, fault !== undefined);
    this.#options.onCalled?.(service, fault);
  }

  /**
   * Asks whether a service can be reached: with HEAD, which changes nothing. Any status is an answer.
   * @returns the status
   * @throws Fault ServiceMissingUrl, ServiceMalformedUrl, NetworkError, UnknownHost
   */
  async reach(service: ServiceSettings): Promise<number> {
    const url = addressOf(service);
    try {
      const { statusCode, body } = await this.#agentFor(service).request({
        ...{ origin: url.origin, path: `${url.pathname}${url.search}`, method: 'HEAD' },
        ...{ headersTimeout: service.timeoutMs, bodyTimeout: service.timeoutMs },
      });
      await body.dump();
      this.#called(service);
      return statusCode;
    } catch (error) {
      throw this.#failed(error, service);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.close()));
  }

  #agentFor(service: ServiceSettings): Agent {
    const key = JSON.stringify([service.verifyTls, service.trustedCertificates]);
    const existing = this.#agents.get(key);
    if (existing !== undefined) return existing;
    const trusted = service.trustedCertificates.length > 0 ? { ca: [...service.trustedCertificates] } : {};
    const agent = new Agent({
      connections: 128,
      connect: { rejectUnauthorized: service.verifyTls, timeout: 20_000, ...trusted },
    });
    this.#agents.set(key, agent);
    return agent;
  }
}

/** The service's answer broke off, or it did not answer: whatever the HTTP client says of it. */
export function serviceFault(error: unknown, service: ServiceSettings): Fault {
  if (error instanceof Fault) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  const isUnknown = 'code' in cause && (cause.code === 'ENOTFOUND' || cause.code === 'EAI_AGAIN');
  const message = `Service ${printFull(service.id)} did not answer: ${cause.message}`;
  return new Fault(isUnknown ? 'UnknownHost' : 'NetworkError', message, { cause });
}

function addressOf(service: ServiceSettings): URL {
  if (service.url === '') {
    throw new Fault('ServiceMissingUrl', `No address is configured for ${printFull(service.id)}`);
  }
  const isUrl = URL.canParse(service.url);
  const url = isUrl ? new URL(service.url) : undefined;
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (url === undefined || !isHttp || url.username !== '' || url.hash !== '') {
    throw new Fault(
      'ServiceMalformedUrl',
      `The address of ${printFull(service.id)} is not a plain http(s) URL`,
    );
  }
  return url;
}

/** Service address and raw service path, joined as X-Road 7 does: one of two meeting slashes is dropped. */
function targetOf(service: ServiceSettings, request: RestRequest): { origin: string; path: string } {
  const base = addressOf(service);
  if (base.search !== '') {
    throw new Fault(
      'ServiceMalformedUrl',
      `The address of ${printFull(service.id)} has a query, which requests bring`,
    );
  }
  // The path is taken from the text, not from the parser: what was authorised is what is called.
  const written = service.url.replace(/^[a-z]+:\/\/[^/]*/i, '');
  const joined =
    written.endsWith('/') && request.servicePath.startsWith('/') ? written.slice(0, -1) : written;
  const path = `${joined}${request.servicePath}`;
  const query = request.query === undefined ? '' : `?${request.query}`;
  return { origin: base.origin, path: `${path.startsWith('/') ? path : `/${path}`}${query}` };
}

function pairs(flat: readonly (string | Buffer)[]): [string, string][] {
  const list: [string, string][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    list.push([String(flat[index]), text(flat[index + 1])]);
  }
  return list;
}

function text(value: string | Buffer | undefined): string {
  return Buffer.isBuffer(value) ? value.toString('latin1') : (value ?? '');
}
