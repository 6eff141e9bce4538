import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { Fault } from '../../gateway/fault/index.ts';
import { identifierKey } from '../../gateway/identifier/index.ts';
import { type OwnCertificate, ownCertificates } from '../signer/index.ts';
import { advance } from './advance.ts';
import { dueByAge, dueInWindow, pauseAfter } from './due.ts';
import { RenewalError } from './error.ts';
import { acmeAuthorityOf, findOwn, idOf, type RenewalParts } from './parts.ts';
import { type Renewal, readRenewals, writeRenewals } from './state.ts';

export interface RenewalsOptions extends RenewalParts {
  /** Where renewals are kept. */
  readonly file: string;
  /** Whether certificates are renewed when they are due; else only when somebody asks for it. */
  readonly isAutomatic: boolean;
  /** Pause between looks. */
  readonly lookMs: number;
  /** At least 0, below 1. */
  readonly random: () => number;
  readonly onTrouble: (about: string, error: unknown) => void;
}

/** Renewals that are done are remembered, so many. */
const maxDone = 20;
/** Until an authority is asked again that did not answer when to renew, or does not say. */
const askAgainMs = 6 * 3_600_000;

/**
 * Renews the certificates that an authority issued over ACME, each by its own steps, without an exchange that fails
 * for it: the old one serves until the new one can. A step that fails is tried again, ever more seldom.
 */
export class Renewals {
  readonly #options: RenewalsOptions;
  #renewals: readonly Renewal[];
  #turn: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(options: RenewalsOptions, renewals: readonly Renewal[]) {
    this.#options = options;
    this.#renewals = renewals;
  }

  /** @throws Error for a file that is damaged */
  static async open(options: RenewalsOptions): Promise<Renewals> {
    return new Renewals(options, await readRenewals(options.file));
  }

  /** Begins to look, now and again and again. */
  start(): void {
    this.look()
      .catch((error: unknown) => this.#options.onTrouble('renewal of certificates', error))
      .finally(() => {
        if (this.#isClosed) return;
        this.#timer = setTimeout(() => this.start(), this.#options.lookMs);
        this.#timer.unref();
      });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#turn;
  }

  /** Those under way and those that wait, and the last that are done. */
  list(): readonly Renewal[] {
    return this.#renewals;
  }

  /** Takes every step that can be taken now. */
  look(): Promise<void> {
    return this.#inTurn(async () => {
      const configuration = this.#configuration();
      // Without it nobody says whom to ask, and a closed token signs nothing; both are told elsewhere.
      if (configuration === undefined || !this.#options.token.isActive()) return;
      await this.#plan(configuration);
      for (const { certificate } of this.#renewals) await this.#goOn(certificate);
    });
  }

  /**
   * Has one certificate renewed now, or its renewal go on now.
   * @throws RenewalError unknown-certificate, not-active, no-acme-authority
   */
  request(sha256: string): Promise<Renewal> {
    return this.#inTurn(async () => {
      const now = this.#options.now();
      const known = this.#underWay(sha256);
      if (known === undefined || known.stage === 'waiting') {
        const own = await this.#require(sha256);
        const begun = {
          certificate: sha256,
          use: own.use,
          stage: 'ordering',
          dueAt: now,
          dueBy: 'request',
        } as const;
        await this.#put({ ...begun, requestedAt: now, failures: 0, since: now });
      } else {
        const isThere = (await findOwn(this.#options, known.replacement)) !== undefined;
        const isLost = known.replacement !== undefined && !isThere;
        const again = { nextAt: undefined, failures: 0, requestedAt: now };
        await this.#put({
          ...{ ...known, ...again },
          ...(isLost && { stage: 'ordering' as const, replacement: undefined, since: now }),
        });
      }
      await this.#goOn(sha256);
      return this.#renewals.find((one) => one.certificate === sha256) ?? fail(sha256);
    });
  }

  /** Whether a certificate is for renewal: the newest of those that do the same, of an authority that takes orders. */
  async #plan(configuration: GlobalConfiguration): Promise<void> {
    const all = await ownCertificates(this.#options.settings.db);
    const isKept = (renewal: Renewal) =>
      renewal.stage !== 'waiting' ||
      (this.#options.isAutomatic && all.some((own) => idOf(own) === renewal.certificate && own.isActive));
    const kept = this.#renewals.filter(isKept);
    const replacing = kept.filter(({ stage }) => stage !== 'done').map(({ replacement }) => replacement);
    const isNew = (own: OwnCertificate) =>
      !kept.some(({ certificate }) => certificate === idOf(own)) && !replacing.includes(idOf(own));
    const added = this.#options.isAutomatic
      ? newest(all).filter((own) => isNew(own) && acmeAuthorityOf(own, configuration) !== undefined)
      : [];
    if (added.length === 0 && kept.length === this.#renewals.length) return;
    await this.#write([...kept, ...added.map((own) => this.#waiting(own))]);
  }

  #waiting(own: OwnCertificate): Renewal {
    const dueAt = dueByAge(own.certificate);
    const { use } = own;
    return {
      ...{ certificate: idOf(own), use, stage: 'waiting', dueAt, dueBy: 'age' },
      ...{ failures: 0, since: this.#options.now() },
    };
  }

  /** Takes steps of one renewal until one has to be waited for, or fails. */
  async #goOn(sha256: string): Promise<void> {
    while (!this.#isClosed) {
      const renewal = this.#underWay(sha256);
      const now = this.#options.now();
      if (renewal === undefined || (renewal.nextAt !== undefined && now < renewal.nextAt)) return;
      try {
        if (renewal.stage === 'waiting') {
          if (!(await this.#becomesDue(renewal))) return;
          continue;
        }
        const step = await advance(this.#options, renewal);
        if (step === 'drop') return await this.#write(this.#renewals.filter((one) => one !== renewal));
        if (step === 'stay') {
          if (renewal.trouble !== undefined) await this.#put({ ...renewal, ...untroubled });
          return;
        }
        await this.#put({ ...renewal, ...untroubled, since: now, ...step });
      } catch (error) {
        if (this.#isClosed) return;
        return await this.#fail(renewal, error);
      }
    }
  }

  /** Asks the authority when it wishes the certificate renewed, as often as it says. @returns whether that is now */
  async #becomesDue(renewal: Renewal): Promise<boolean> {
    const now = this.#options.now();
    let asked = renewal;
    if (renewal.askAt === undefined || renewal.askAt <= now) {
      asked = await this.#ask(renewal);
      await this.#put(asked);
    }
    if (now < asked.dueAt) return false;
    await this.#put({ ...asked, stage: 'ordering', since: now });
    return true;
  }

  async #ask(renewal: Renewal): Promise<Renewal> {
    const { orders, now, random, onTrouble } = this.#options;
    const own = await findOwn(this.#options, renewal.certificate);
    const authority = own && acmeAuthorityOf(own, this.#options.configuration());
    const later = { ...renewal, askAt: new Date(now().getTime() + askAgainMs) };
    if (own === undefined || authority === undefined) return later;
    try {
      const info = await orders.renewalInfo(authority.directoryUrl, own.certificate);
      if (info === undefined) {
        return { ...later, dueAt: dueByAge(own.certificate), dueBy: 'age', window: undefined };
      }
      const { startAt, endAt, retryAfterMs } = info;
      const askAt = new Date(now().getTime() + retryAfterMs);
      const isSame =
        renewal.window?.startAt.getTime() === startAt.getTime() &&
        renewal.window.endAt.getTime() === endAt.getTime();
      if (isSame) return { ...renewal, askAt };
      const dueAt = dueInWindow(info, own.certificate, random());
      return { ...renewal, askAt, dueAt, dueBy: 'authority', window: { startAt, endAt } };
    } catch (error) {
      // What was known before counts on.
      onTrouble(`when to renew certificate ${own.certificate.subject}`, error);
      return later;
    }
  }

  async #fail(renewal: Renewal, error: unknown): Promise<void> {
    const { now, onTrouble } = this.#options;
    const at = now();
    const failures = renewal.failures + 1;
    const pause = new Date(at.getTime() + pauseAfter(failures));
    const retryAt = error instanceof RenewalError ? error.retryAt : undefined;
    await this.#put({
      ...{ ...renewal, failures, trouble: { ...troubleOf(error), at } },
      nextAt: retryAt !== undefined && retryAt > pause ? retryAt : pause,
    });
    onTrouble(`renewal of certificate ${renewal.certificate} (${renewal.stage})`, error);
  }

  async #require(sha256: string): Promise<OwnCertificate> {
    const own = await findOwn(this.#options, sha256);
    if (own === undefined)
      throw new RenewalError('unknown-certificate', `there is no certificate ${sha256} here`);
    if (!own.isActive) {
      const remedy = 'switch it on, or delete it';
      throw new RenewalError('not-active', 'a certificate that is switched off is not renewed', { remedy });
    }
    if (acmeAuthorityOf(own, this.#options.configuration()) === undefined) {
      const why = 'no approved authority that takes orders over ACME issued this certificate';
      throw new RenewalError('no-acme-authority', why, { remedy: 'get the next one by hand' });
    }
    const replacing = this.#renewals.find((one) => one.replacement === sha256 && one.stage !== 'done');
    if (replacing === undefined) return own;
    throw new RenewalError('renewal-under-way', `it is about to take the place of ${replacing.certificate}`, {
      remedy: 'wait until that is done',
    });
  }

  #underWay(sha256: string): Renewal | undefined {
    return this.#renewals.find(({ certificate, stage }) => certificate === sha256 && stage !== 'done');
  }

  async #put(renewal: Renewal): Promise<void> {
    const { certificate } = renewal;
    const isKnown = this.#renewals.some((one) => one.certificate === certificate);
    const all = isKnown
      ? this.#renewals.map((one) => (one.certificate === certificate ? renewal : one))
      : [...this.#renewals, renewal];
    const done = all.filter(({ stage }) => stage === 'done');
    const forgotten = new Set(done.slice(0, Math.max(0, done.length - maxDone)));
    await this.#write(all.filter((one) => !forgotten.has(one)));
  }

  /** On disk before it counts. */
  async #write(renewals: readonly Renewal[]): Promise<void> {
    await writeRenewals(this.#options.file, renewals);
    this.#renewals = renewals;
  }

  #configuration(): GlobalConfiguration | undefined {
    try {
      return this.#options.configuration();
    } catch (error) {
      if (error instanceof Fault) return undefined;
      throw error;
    }
  }

  #inTurn<Value>(act: () => Promise<Value>): Promise<Value> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

const untroubled = { trouble: undefined, nextAt: undefined, failures: 0 } as const;

/** Of the active ones that do the same, the one that lasts longest: the others run out beside it. */
function newest(all: readonly OwnCertificate[]): OwnCertificate[] {
  const byPurpose = new Map<string, OwnCertificate>();
  for (const own of all.filter(({ isActive }) => isActive)) {
    const purpose = `${own.use} ${own.member === undefined ? '' : identifierKey(own.member)}`;
    const known = byPurpose.get(purpose);
    if (known === undefined || known.certificate.notAfter < own.certificate.notAfter)
      byPurpose.set(purpose, own);
  }
  return [...byPurpose.values()];
}

function troubleOf(error: unknown): { code: string; text: string; remedy?: string } {
  if (error instanceof RenewalError) {
    const { code, message: text, remedy } = error;
    return { code, text, ...(remedy !== undefined && { remedy }) };
  }
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  const text = (error instanceof Error ? error.message : String(error)).slice(0, 1_000);
  return { code: typeof code === 'string' ? code : 'internal', text };
}

function fail(sha256: string): never {
  throw new RenewalError('unknown-certificate', `certificate ${sha256} was removed meanwhile`);
}
