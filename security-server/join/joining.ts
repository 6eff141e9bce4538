import { setTimeout as sleep } from 'node:timers/promises';
import { printEncoded, type ServerId } from '../../gateway/identifier/index.ts';
import {
  type InvitationClaims,
  type JoinStep,
  type JoinStepCode,
  joinStepCodes,
  joinSteps,
} from '../../gateway/joining/index.ts';
import type { Webhook } from '../webhook/index.ts';
import { obtainCertificates } from './certificate-step.ts';
import { JoinError, messageOf } from './error.ts';
import { lockFolder } from './lock.ts';
import {
  foundServer,
  reachRegistry,
  reachServer,
  redeemInvitation,
  verifyConfiguration,
} from './prepare-steps.ts';
import {
  awaitClients,
  awaitServer,
  firstTimestamp,
  makeKeys,
  requestClients,
  requestServer,
} from './register-steps.ts';
import { registryLink } from './registry-link.ts';
import { type JoinState, readJoinState, writeJoinState } from './state.ts';
import {
  JoiningDeclined,
  type JoiningServer,
  type JoinPlaces,
  type RunStep,
  type StepContext,
} from './step.ts';
import { type JoiningBegin, takeUp } from './take-up.ts';
import { tellWebhook } from './webhook.ts';
import { withToken } from './with-token.ts';

export interface JoiningOptions {
  readonly places: JoinPlaces;
  /** Of the token: of the one to make, or of the one there is; asked each time, for it may be entered meanwhile. */
  readonly pin: () => string | undefined;
  /** Starts the server that was founded in the folder. */
  readonly start: () => Promise<JoiningServer>;
  /** Whether that server listens already; not, unless told. */
  readonly isListening?: () => boolean;
  readonly now: () => Date;
  /** Pause before a step that waits looks again. */
  readonly pollMs: number;
  /** Whether to wait for others; else `run` returns as soon as somebody else has to act. */
  readonly waits: boolean;
  readonly webhook?: Webhook;
  /** Told of each change of a step. */
  readonly onStep: (step: JoinStep) => void;
  /** Told of what went wrong beside the way. */
  readonly onTrouble: (about: string, error: unknown) => void;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/** How far a joining is. */
export interface JoinView {
  readonly result: 'joining' | 'joined' | 'declined';
  /** Why it was declined. */
  readonly reason?: string;
  readonly steps: readonly JoinStep[];
}

export interface JoinResult extends Omit<JoinView, 'result'> {
  readonly result: 'joined' | 'declined' | 'waiting' | 'failed';
}

const runs: Readonly<Record<Exclude<JoinStepCode, 'invitation'>, RunStep>> = {
  'reach-registry': reachRegistry,
  redemption: redeemInvitation,
  'reach-server': reachServer,
  configuration: verifyConfiguration,
  founding: foundServer,
  keys: withToken(makeKeys),
  certificates: withToken(obtainCertificates),
  'server-request': withToken(requestServer),
  'server-approval': awaitServer,
  'client-request': withToken(requestClients),
  'client-approval': awaitClients,
  timestamp: withToken(firstTimestamp),
};

/**
 * How long a step is tried again after it failed. What was approved a moment ago has still to be published and
 * fetched by the server that takes requests; a timestamping authority is asked by a server that has just begun.
 */
const patienceMs: Readonly<Partial<Record<JoinStepCode, number>>> = {
  'server-request': 30_000,
  'server-approval': 60_000,
  'client-request': 120_000,
  'client-approval': 60_000,
  timestamp: 30_000,
};

/** One server on its way into an instance: runs the steps in order, keeps each on disk, goes on after a crash. */
export class Joining {
  readonly claims: InvitationClaims;
  readonly serverId: ServerId;
  readonly #options: JoiningOptions;
  readonly #context: StepContext;
  #state: JoinState;
  #server: Promise<JoiningServer> | undefined;

  private constructor(options: JoiningOptions, state: JoinState, claims: InvitationClaims) {
    const { places, pin, now, start, isListening = () => false } = options;
    this.#options = options;
    this.#state = state;
    this.claims = claims;
    const { memberClass, memberCode } = claims.member;
    const { iss: instance, serverCode } = claims;
    this.serverId = { kind: 'SERVER', instance, memberClass, memberCode, serverCode };
    const link = registryLink(claims, state.secret ?? '');
    this.#context = {
      ...{ places, pin, claims, link, now, isListening, serverId: this.serverId },
      state: () => this.#state,
      keep: (more) => this.#keep(more),
      server: () => {
        this.#server ??= start();
        return this.#server;
      },
      report: () => link.report(this.#state.steps),
    };
  }

  /**
   * Takes up a joining: the one begun in the folder, or a new one.
   * @throws JoinError wrong-use; InvitationError malformed, expired
   */
  static async open(options: JoiningOptions, begin: JoiningBegin | undefined): Promise<Joining> {
    const { state, claims } = await takeUp(options.places, begin, options.now());
    return new Joining(options, state, claims);
  }

  /** The server, when a step has started it; it goes on running. */
  get server(): Promise<JoiningServer> | undefined {
    return this.#server;
  }

  view(): JoinView {
    return viewOf(this.#state);
  }

  /**
   * Runs until this server has joined, was declined, has failed, or, unless it waits, has to wait.
   * @throws JoinError wrong-use while another process runs it, or when one has ended it
   */
  async run(): Promise<JoinResult> {
    const { data } = this.#options.places;
    const unlock = lockFolder(data);
    try {
      // Another process may have brought it further since this one looked.
      const state = await readJoinState(data);
      if (state?.secret !== this.#state.secret || state === undefined) {
        throw new JoinError('wrong-use', `the joining in ${data} was ended by another process`);
      }
      this.#state = state;
      return await this.#runAll();
    } finally {
      unlock();
    }
  }

  async #runAll(): Promise<JoinResult> {
    const { memberClass, memberCode, name } = this.claims.member;
    const about = `${this.claims.iss} invites ${name} (${memberClass}:${memberCode}) with server ${this.claims.serverCode}`;
    if (this.#stepOf('invitation').state !== 'done')
      await this.#mark('invitation', { state: 'done', detail: about });
    try {
      for (const code of joinStepCodes) {
        if (code === 'invitation' || this.#stepOf(code).state === 'done') continue;
        const ended = await this.#runStep(code, runs[code]);
        if (ended !== undefined) return { result: ended, steps: this.#state.steps };
      }
    } catch (error) {
      if (!(error instanceof JoiningDeclined)) throw error;
      return this.#end('declined', error.message);
    }
    return this.#end('joined');
  }

  /** @returns how the run ended, when it did with this step */
  async #runStep(
    code: Exclude<JoinStepCode, 'invitation'>,
    run: RunStep,
  ): Promise<'waiting' | 'failed' | undefined> {
    const { pollMs, waits, signal } = this.#options;
    await this.#mark(code, { state: 'running' });
    let failingSince: number | undefined;
    while (true) {
      try {
        const outcome = await run(this.#context);
        await this.#mark(code, outcome);
        if (outcome.state === 'done') return undefined;
        if (!waits) return 'waiting';
        failingSince = undefined;
      } catch (error) {
        if (error instanceof JoiningDeclined) throw error;
        failingSince ??= Date.now();
        const isFinal = error instanceof JoinError && error.code !== 'failed';
        const detail = messageOf(error).slice(0, 1000);
        if (isFinal || Date.now() - failingSince >= (patienceMs[code] ?? 0)) {
          const remedy = error instanceof JoinError ? error.remedy : undefined;
          await this.#mark(code, { state: 'failed', detail, ...(remedy !== undefined && { remedy }) });
          return 'failed';
        }
        await this.#mark(code, { state: 'running', detail: `${detail}; it is tried again` });
      }
      await sleep(pollMs, undefined, { ...(signal !== undefined && { signal }) });
    }
  }

  async #end(result: 'joined' | 'declined', reason?: string): Promise<JoinResult> {
    const { now, webhook, onTrouble, places } = this.#options;
    const at = this.#state.outcome?.at ?? now().toISOString();
    const why = reason === undefined ? {} : { reason };
    const outcome = { result, at, ...why };
    await this.#keep({ outcome: { ...outcome, isTold: webhook === undefined } });
    if (webhook !== undefined) {
      try {
        await tellWebhook(
          webhook,
          { event: 'joining', ...outcome, server: printEncoded(this.serverId) },
          now,
        );
        await this.#keep({ outcome: { ...outcome, isTold: true } });
      } catch (error) {
        onTrouble('webhook', error);
      }
    }
    // What opens the registry and the authority is of no more use, to anybody.
    const { invitation: _, secret: __, ...rest } = this.#state;
    this.#state = rest;
    await writeJoinState(places.data, rest);
    return { result, ...why, steps: this.#state.steps };
  }

  #stepOf(code: JoinStepCode): JoinStep {
    return this.#state.steps.find((one) => one.code === code) ?? { code, state: 'pending' };
  }

  async #mark(code: JoinStepCode, more: Omit<JoinStep, 'code'>): Promise<void> {
    const former = this.#stepOf(code);
    const awaits = more.awaits ?? (more.state === 'waiting' ? joinSteps[code] : undefined);
    if (former.state === more.state && former.detail === more.detail) return;
    const step: JoinStep = {
      ...{ code, ...more },
      ...(awaits !== undefined && { awaits }),
      at: this.#options.now().toISOString(),
    };
    const steps = this.#state.steps.map((one) => (one.code === code ? step : one));
    await this.#keep({ steps });
    this.#options.onStep(step);
    await this.#reportOrTell();
  }

  /** The officer sees the same checklist; that it cannot be shown now holds nothing up. */
  async #reportOrTell(): Promise<void> {
    if (this.#state.anchor === undefined || this.#state.secret === undefined) return;
    const { decision, reason } = await this.#context.report().catch((error: unknown) => {
      this.#options.onTrouble('report to the registry', error);
      return { decision: undefined, reason: undefined };
    });
    if (decision === 'declined') throw new JoiningDeclined(reason ?? 'no reason was given');
  }

  async #keep(more: Partial<JoinState>): Promise<void> {
    this.#state = { ...this.#state, ...more };
    await writeJoinState(this.#options.places.data, this.#state);
  }
}

/** How far the joining in a folder is; undefined when none was begun there. */
export async function readJoinView(data: string): Promise<JoinView | undefined> {
  const state = await readJoinState(data);
  return state && viewOf(state);
}

function viewOf({ outcome, steps }: JoinState): JoinView {
  return {
    result: outcome?.result ?? 'joining',
    ...(outcome?.reason !== undefined && { reason: outcome.reason }),
    steps,
  };
}
