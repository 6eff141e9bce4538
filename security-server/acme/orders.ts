import { setTimeout as sleep } from 'node:timers/promises';
import type { Certificate } from '../../certs/x509/index.ts';
import { type AuthorityAccess, withAccount, withoutAccount } from './authority.ts';
import type { IssuedChain } from './chain.ts';
import { AcmeError, type AcmeErrorCode, messageOf } from './error.ts';
import { identifierOf } from './identifier.ts';
import { orderCertificate } from './order.ts';
import { fetchRenewalInfo, type RenewalInfo, renewalName } from './renewal-info.ts';
import { HttpResponder } from './responder.ts';
import { type RevocationReason, revokeCertificate } from './revoke.ts';
import type { AcmeSettings } from './settings.ts';
import { AcmeStore, type KeySealing } from './store.ts';

export interface CertificateOrdersOptions {
  /** Where accounts and orders are kept. */
  readonly dir: string;
  readonly token: KeySealing;
  readonly settings: AcmeSettings;
  /** Holds MAC keys that the settings name a variable for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  /** How long the authority may take for one thing; 5 minutes unless told. */
  readonly timeoutMs?: number;
  /** Pause between looks; 2 seconds unless told. */
  readonly pollMs?: number;
}

export interface OrderWanted {
  /** Key of the token the certificate is for. */
  readonly keyId: string;
  /** DER. */
  readonly publicKeyInfo: Buffer;
  readonly directoryUrl: string;
  readonly profile: string | undefined;
  /** IP addresses from which the authority verifies the address, for whoever has to open a firewall to them. */
  readonly verifiesFrom?: string | undefined;
  /** Host name or IP address of this server. */
  readonly address: string;
  /** DER certificate request for that key and address. */
  readonly request: () => Promise<Buffer>;
  /** Which certificate it takes the place of. */
  readonly replaces?: Certificate;
  /** Puts to use what was issued. @throws Error when it does not fit this server */
  readonly takeIn: (issued: IssuedChain) => Promise<void>;
}

/** Where an order stands. */
export type OrderView =
  | { readonly state: 'under-way'; readonly detail: string }
  | ({ readonly state: 'issued' } & IssuedChain)
  | {
      /** `delayed`: it is tried again when it is asked for after `retryAt`; `failed`: somebody has to act. */
      readonly state: 'delayed' | 'failed';
      readonly code: AcmeErrorCode;
      readonly detail: string;
      readonly remedy?: string;
      readonly retryAt?: Date;
    };

interface Running {
  view: OrderView;
  readonly done: Promise<void>;
}

/** Least pause after a failure that passes by itself. */
const leastDelayMs = 10_000;

/**
 * Certificates ordered over ACME, one order for a key at a time, in the background: it goes on when nobody asks, and
 * after a crash when it is asked for again.
 */
export class CertificateOrders {
  readonly #options: CertificateOrdersOptions;
  readonly #access: AuthorityAccess;
  readonly #responder: HttpResponder;
  readonly #interruption = new AbortController();
  readonly #running = new Map<string, Running>();

  constructor(options: CertificateOrdersOptions) {
    const { dir, token, settings, environment, now } = options;
    this.#options = options;
    const { signal } = this.#interruption;
    this.#access = { settings, environment, now, signal, store: new AcmeStore(dir, token) };
    this.#responder = new HttpResponder({ host: settings.listenHost, port: settings.listenPort });
  }

  /**
   * Places an order, or says where the one for this key stands.
   * @param waitMs how long to wait for its end before that is said
   */
  async order(wanted: OrderWanted, waitMs = 0): Promise<OrderView> {
    let running = this.#running.get(wanted.keyId);
    if (running === undefined || this.#isOver(running.view)) {
      running = this.#begin(wanted);
      this.#running.set(wanted.keyId, running);
    }
    const waiting = new AbortController();
    await Promise.race([
      running.done,
      sleep(waitMs, undefined, { signal: waiting.signal }).catch(() => undefined),
    ]);
    waiting.abort();
    const { view } = running;
    // Once told, it is the caller's: a later order for the same key is another one.
    if (view.state === 'issued') this.#running.delete(wanted.keyId);
    return view;
  }

  /** When the authority wishes a certificate of its to be renewed; undefined: it does not say. @throws AcmeError */
  renewalInfo(directoryUrl: string, certificate: Certificate): Promise<RenewalInfo | undefined> {
    return withoutAccount(this.#access, directoryUrl, (session) => fetchRenewalInfo(session, certificate));
  }

  /** @throws AcmeError */
  revoke(directoryUrl: string, certificate: Certificate, reason: RevocationReason): Promise<void> {
    return withAccount(this.#access, directoryUrl, (session) =>
      revokeCertificate(session, certificate, reason),
    );
  }

  /** Breaks off what is under way; an order that was placed goes on when it is asked for again. */
  async close(): Promise<void> {
    this.#interruption.abort();
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  #isOver(view: OrderView): boolean {
    if (view.state === 'failed') return true;
    return view.state === 'delayed' && (view.retryAt === undefined || view.retryAt <= this.#options.now());
  }

  #begin(wanted: OrderWanted): Running {
    const running: Running = {
      view: { state: 'under-way', detail: 'the authority is asked' },
      done: this.#fulfil(wanted, (detail) => {
        running.view = { state: 'under-way', detail };
      }).then(
        (chain) => {
          running.view = { state: 'issued', ...chain };
        },
        (error: unknown) => {
          running.view = this.#failure(error);
        },
      ),
    };
    return running;
  }

  async #fulfil(wanted: OrderWanted, onProgress: (detail: string) => void): Promise<IssuedChain> {
    const { keyId, directoryUrl, address, replaces } = wanted;
    const { store } = this.#access;
    const { timeoutMs = 300_000, pollMs = 2_000, now } = this.#options;
    const { signal } = this.#interruption;
    const name = replaces && renewalName(replaces);
    const { publicKeyInfo, profile, verifiesFrom, request, takeIn } = wanted;
    const forget = () => store.keepOrder(keyId, directoryUrl, undefined);
    const chain = await withAccount(this.#access, directoryUrl, async (session) =>
      orderCertificate(
        session,
        {
          ...{ publicKeyInfo, profile, verifiesFrom, request, identifiers: [identifierOf(address)] },
          ...(name !== undefined && { replaces: name }),
        },
        {
          ...{ responder: this.#responder, patience: { timeoutMs, pollMs, signal }, now, onProgress },
          former: await store.orderOf(keyId, directoryUrl),
          keep: (order) => store.keepOrder(keyId, directoryUrl, order),
        },
      ),
    ).catch(async (error: unknown) => {
      // What was refused once is not to be had from that order; one that is slow, or was broken off, goes on.
      if (error instanceof AcmeError && !error.isPassing) await forget();
      throw error;
    });
    try {
      await takeIn(chain);
    } catch (cause) {
      await forget();
      const detail = `the certificate that was issued does not fit this server: ${messageOf(cause)}`;
      const remedy =
        'ask the authority which profile it certifies, and whether the registry names the right one';
      throw new AcmeError('wrong-certificate', detail, { cause, remedy });
    }
    await forget();
    return chain;
  }

  #failure(error: unknown): OrderView {
    if (!(error instanceof AcmeError)) {
      return { state: 'failed', code: 'not-set-up', detail: messageOf(error) };
    }
    const { code, message: detail, remedy, retryAfterMs, isPassing } = error;
    const delayMs = Math.max(retryAfterMs ?? 0, leastDelayMs);
    return {
      ...{ state: isPassing ? 'delayed' : 'failed', code, detail },
      ...(remedy !== undefined && { remedy }),
      ...(isPassing && { retryAt: new Date(this.#options.now().getTime() + delayMs) }),
    };
  }
}
