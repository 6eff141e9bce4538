import type { GlobalConfiguration, PrivateParameters } from '../../gateway/configuration/index.ts';
import { asFault, Fault, spellCode } from '../../gateway/fault/index.ts';
import { memberOf } from '../../gateway/identifier/index.ts';
import { type ManagementRequest, readManagementResponse } from '../../gateway/management/index.ts';
import type { ConfigurationSource } from '../../gateway/road/index.ts';
import { composeEnvelope } from '../../gateway/soap/index.ts';
import type { SettingsStore } from '../settings/index.ts';
import { askOverXroad, askRegistration, type Loopback } from './deliver.ts';
import { follow, isDecided, isInForce, isRegistered } from './effects.ts';
import {
  type RequestStatus,
  readStatusAnswer,
  statusService,
  writeStatusQuestion,
} from './request-status.ts';
import {
  failInterrupted,
  findSent,
  insertSending,
  listSent,
  type SentRequest,
  setOutcome,
} from './sent-requests.ts';
import { type ManagementSigners, managementHeader, signedMessage } from './signed-message.ts';

export interface ManagementSenderOptions {
  readonly settings: SettingsStore;
  readonly configuration: ConfigurationSource;
  readonly signers: ManagementSigners;
  /** Where this server takes messages of information systems. */
  readonly loopback: () => Loopback;
  readonly now: () => Date;
  /** A fresh message identifier. */
  readonly newId: () => string;
  /** Told why the outcome of a request, or of any, could not be learned; it is asked for again. */
  readonly onFailure: (sent: SentRequest | undefined, error: unknown) => void;
}

/** Between questions after requests that wait for an administrator of the registry. */
const pollMs = 60_000;
/** Characters of a reason that are kept. */
const maxReason = 1024;

/**
 * Sends this server's management requests, keeps a record of each, and learns what becomes of those that wait: from
 * the configuration, which shows what was approved, and from the registry, when it is one that can be asked.
 */
export class ManagementSender {
  readonly #options: ManagementSenderOptions;
  #round: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(options: ManagementSenderOptions) {
    this.#options = options;
  }

  static async start(options: ManagementSenderOptions): Promise<ManagementSender> {
    await failInterrupted(options.settings.db, options.now());
    const sender = new ManagementSender(options);
    // Something may have been decided while the server was stopped.
    void sender.refresh();
    return sender;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  /**
   * Sends one request. When this resolves, the registry has taken it.
   * @throws Fault of this server, a peer or the registry, TokenError; the record, if it came to one, has failed
   */
  async send(request: ManagementRequest): Promise<SentRequest> {
    const { settings, signers, now, newId } = this.#options;
    const service = managementServiceOf(this.#options.configuration.current());
    const messageId = newId();
    // What this server cannot do at all leaves no record.
    const loopback = this.#options.loopback();
    const message = await signedMessage(request, service.providerId, messageId, signers);
    const id = await insertSending(settings.db, request, messageId, now());
    try {
      const question = { ...message, id: messageId, serviceCode: request.kind };
      const answer =
        request.kind === 'authCertReg'
          ? await askRegistration(question, service)
          : await askOverXroad(question, loopback);
      const { requestId } = readManagementResponse(answer);
      await this.#take(id, request, requestId);
    } catch (error) {
      const fault = asFault(error);
      const reason = `${spellCode(fault)}: ${fault.message}`.slice(0, maxReason);
      await setOutcome(settings.db, id, { status: 'failed', reason }, now());
      throw error;
    }
    await this.#settleOrReport(await this.#require(id));
    return this.#require(id);
  }

  list(status?: SentRequest['status']): Promise<SentRequest[]> {
    return listSent(this.#options.settings.db, status);
  }

  find(id: number): Promise<SentRequest | undefined> {
    return findSent(this.#options.settings.db, id);
  }

  /** Looks now what became of the requests that wait; one that cannot be learned waits on. */
  refresh(): Promise<void> {
    this.#round = this.#round
      .then(() => this.#settleAll())
      .catch((error: unknown) => this.#options.onFailure(undefined, error));
    return this.#round;
  }

  /** The registry has the request: it waits there, or has taken effect. */
  async #take(id: number, request: ManagementRequest, requestId: number): Promise<void> {
    const { settings, now } = this.#options;
    if (request.kind === 'authCertReg' && request.dryRun === true) {
      await setOutcome(settings.db, id, { status: 'checked', requestId }, now());
    } else if (isDecided(request)) {
      await setOutcome(settings.db, id, { status: 'waiting', requestId }, now());
    } else {
      // Settings first: a crash between leaves a record to look after, and no client in a state nobody knows of.
      await follow(request, settings);
      await setOutcome(settings.db, id, { status: 'approved', requestId }, now());
    }
  }

  async #settleAll(): Promise<void> {
    clearTimeout(this.#timer);
    for (const sent of await this.list('waiting')) {
      if (this.#isClosed) return;
      await this.#settleOrReport(sent);
    }
    this.#plan();
  }

  async #settleOrReport(sent: SentRequest): Promise<void> {
    if (sent.status !== 'waiting') return;
    try {
      await this.#settle(sent);
    } catch (error) {
      this.#options.onFailure(sent, error);
    }
  }

  async #settle(sent: SentRequest): Promise<void> {
    const { settings, now } = this.#options;
    const configuration = this.#options.configuration.current();
    const { id, request } = sent;
    const outcome: RequestStatus | undefined =
      isDecided(request) && isInForce(request, configuration)
        ? { status: 'approved' }
        : await this.#askStatus(sent, configuration);
    if (outcome === undefined || outcome.status === 'waiting') return;
    if (outcome.status === 'approved') await follow(request, settings);
    await setOutcome(settings.db, id, outcome, now());
  }

  /** @returns undefined when nobody can tell */
  async #askStatus(
    { request, requestId }: SentRequest,
    configuration: GlobalConfiguration,
  ): Promise<RequestStatus | undefined> {
    const { settings, newId } = this.#options;
    if (requestId === undefined || !isRegistered(settings.serverId, configuration)) return undefined;
    const { providerId } = managementServiceOf(configuration);
    const id = newId();
    const header = managementHeader(memberOf(request.server), providerId, statusService, id);
    const bytes = composeEnvelope(header, writeStatusQuestion(requestId));
    const question = { id, serviceCode: statusService, contentType: 'text/xml; charset=UTF-8', bytes };
    try {
      return readStatusAnswer(await askOverXroad(question, this.#options.loopback()), requestId);
    } catch (error) {
      // A registry of another make has no such service; what it approves will show in the configuration.
      if (error instanceof Fault && (error.code === 'UnknownService' || error.code === 'AccessDenied')) {
        return undefined;
      }
      throw error;
    }
  }

  async #require(id: number): Promise<SentRequest> {
    const sent = await this.find(id);
    if (sent === undefined) throw new Error(`the record of management request ${id} is gone`);
    return sent;
  }

  #plan(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void this.refresh(), pollMs);
    this.#timer.unref();
  }
}

function managementServiceOf({
  private: parameters,
  instance,
}: GlobalConfiguration): PrivateParameters['managementService'] {
  if (parameters !== undefined) return parameters.managementService;
  throw new Fault('MalformedGlobalConf', `The configuration of ${instance} names no management service`);
}
