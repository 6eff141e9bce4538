import type { Kysely } from 'kysely';
import { TokenError } from '../../certs/token/index.ts';
import type { Expiries } from '../expiries/index.ts';
import type { SettingsTables } from '../settings/index.ts';
import { postSigned } from '../webhook/index.ts';
import { type Channel, keyOf, NoticeBook, type NoticeRow } from './book.ts';
import { thresholdOf } from './due.ts';
import { explainConnection, NoticeError, type NoticeErrorCode } from './error.ts';
import { sendMail } from './mail.ts';
import { type Message, type Notice, noticeId, testMessage, writeMessage } from './message.ts';
import {
  type GivenSettings,
  type KeptSettings,
  type NoticeSettings,
  purposes,
  readNoticeSettings,
  type Sealing,
  settle,
  showSettings,
  writeNoticeSettings,
} from './settings.ts';

export interface NoticesOptions {
  readonly db: Kysely<SettingsTables>;
  /** Seals the password and the secret. */
  readonly token: Sealing;
  readonly expiries: () => Promise<Expiries>;
  /** Identifier of this server, encoded. */
  readonly server: () => string;
  readonly now: () => Date;
  readonly onTrouble: (about: string, error: unknown) => void;
  /** Pause between looks; a minute unless told. */
  readonly lookMs?: number;
}

export interface NoticeFailure {
  readonly at: Date;
  readonly code: NoticeErrorCode;
  readonly text: string;
  readonly remedy: string;
  /** In a row. */
  readonly count: number;
  readonly nextAttemptAt: Date;
}

/** How it stands with one receiver. */
export interface ChannelState {
  readonly channel: Channel;
  readonly waiting: number;
  readonly failure?: NoticeFailure;
}

/** What came of a test message to one receiver. */
export interface TestOutcome {
  readonly channel: Channel;
  readonly error?: NoticeError;
}

/** Told at once; the others of a burst go with the next message. */
const maxTogether = 100;
const firstPauseMs = 60_000;
const longestPauseMs = 3_600_000;

/**
 * Tells people, 60, 30, 7 and 1 days before, what ends. Each threshold of each certificate is told each receiver once:
 * it is written down before it is sent and again when it was taken, so that a crash between loses nothing; a receiver
 * may then get the same notice again, with the same id.
 */
export class Notices {
  readonly #options: NoticesOptions;
  readonly #book: NoticeBook;
  readonly #failures = new Map<Channel, NoticeFailure>();
  #settings: KeptSettings;
  #turn: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(options: NoticesOptions, settings: KeptSettings) {
    this.#options = options;
    this.#settings = settings;
    this.#book = new NoticeBook(options.db);
  }

  static async open(options: NoticesOptions): Promise<Notices> {
    return new Notices(options, await readNoticeSettings(options.db));
  }

  /** Begins to look, now and again and again. */
  start(): void {
    this.look()
      .catch((error: unknown) => this.#options.onTrouble('notices', error))
      .finally(() => {
        if (this.#isClosed) return;
        this.#timer = setTimeout(() => this.start(), this.#options.lookMs ?? 60_000);
        this.#timer.unref();
      });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#turn;
  }

  settings(): NoticeSettings {
    return showSettings(this.#settings);
  }

  /** @throws NoticeSettingsError; TokenError not-active; CertificateError */
  change(given: GivenSettings): Promise<void> {
    return this.#inTurn(async () => {
      const kept = settle(given, this.#settings, this.#options.token);
      await writeNoticeSettings(this.#options.db, kept);
      this.#settings = kept;
      // Whatever failed may have been mended by this.
      this.#failures.clear();
    });
  }

  /** Of each receiver that is set. */
  async states(): Promise<readonly ChannelState[]> {
    const waiting = await this.#book.waiting();
    return channelsOf(this.#settings).map((channel) => {
      const failure = this.#failures.get(channel);
      const count = waiting.filter((row) => row.channel === channel).length;
      return { channel, waiting: count, ...(failure !== undefined && { failure }) };
    });
  }

  /** The last that were sent, newest first. */
  sent(): Promise<readonly NoticeRow[]> {
    return this.#book.sent();
  }

  /** Writes down what has become due, and sends what waits. */
  look(): Promise<void> {
    return this.#inTurn(async () => {
      const { now, expiries } = this.#options;
      const channels = channelsOf(this.#settings);
      if (channels.length === 0) return;
      const found = await expiries();
      await this.#writeDown(found, channels);
      await this.#withdrawPassed(found, channels);
      for (const channel of channels) {
        if (this.#isClosed) return;
        const failure = await this.#deliver(channel, found);
        // Where nobody listens, the other boxes need not wait for it one after the other.
        if (failure !== undefined && concernsAll(channel, failure.code)) {
          for (const other of channels.filter(isMail)) this.#failures.set(other, failure);
        }
      }
      await this.#book.forgetOld(now());
    });
  }

  /** Sends a message that says it is a test, to each receiver of one kind. @returns what came of it */
  test(kind: 'mail' | 'webhook'): Promise<readonly TestOutcome[]> {
    return this.#inTurn(async () => {
      const { server, now } = this.#options;
      const channels = channelsOf(this.#settings).filter((channel) => channel.startsWith(kind));
      if (channels.length === 0) {
        return [{ channel: kind, error: new NoticeError('not-set', 'Nothing is set for this way') }];
      }
      const message = testMessage(server(), this.#settings.language);
      const event = { event: 'test', id: message.id, server: server(), at: now().toISOString() };
      const outcomes: TestOutcome[] = [];
      let ofAll: NoticeError | undefined;
      for (const channel of channels) {
        const error = ofAll ?? (await this.#trySending(channel, message, event));
        if (error === undefined) this.#failures.delete(channel);
        else if (concernsAll(channel, error.code)) ofAll = error;
        outcomes.push({ channel, ...(error !== undefined && { error }) });
      }
      return outcomes;
    });
  }

  async #writeDown({ all, at }: Expiries, channels: readonly Channel[]): Promise<void> {
    const known = await this.#book.known();
    for (const { id: expiry, notAfter, ...rest } of all) {
      const days = thresholdOf({ ...rest, notAfter }, at);
      if (days === undefined) continue;
      for (const channel of channels) {
        if (!known.has(keyOf({ expiry, days, channel }))) {
          await this.#book.add({ expiry, days, channel, notAfter, at });
        }
      }
    }
  }

  /** What was replaced, or is depended on no longer, is not told; nor are receivers that were taken away. */
  async #withdrawPassed({ all, at, isComplete }: Expiries, channels: readonly Channel[]): Promise<void> {
    const told = new Set(all.filter((one) => thresholdOf(one, at) !== undefined).map(({ id }) => id));
    const isPassed = ({ expiry, channel }: NoticeRow) =>
      // Without a configuration nobody knows what is depended on.
      !channels.includes(channel) || (isComplete && !told.has(expiry));
    await this.#book.withdraw((await this.#book.waiting()).filter(isPassed));
  }

  /** @returns why it could not, now */
  async #deliver(channel: Channel, found: Expiries): Promise<NoticeFailure | undefined> {
    const { now, server, onTrouble } = this.#options;
    const failure = this.#failures.get(channel);
    if (failure !== undefined && now() < failure.nextAttemptAt) return undefined;
    const byId = new Map(found.all.map((one) => [one.id, one]));
    const waiting = (await this.#book.waiting()).filter((row) => row.channel === channel);
    const rows = waiting.filter(({ expiry }) => byId.has(expiry)).slice(0, maxTogether);
    if (rows.length === 0) return undefined;
    const notices = rows.flatMap(({ expiry: id, days }): Notice[] => {
      const expiry = byId.get(id);
      return expiry === undefined ? [] : [{ id: noticeId(id, days), days, expiry }];
    });
    const message = writeMessage(notices, server(), this.#settings.language, now());
    const event = eventOf(notices, message.id, server(), now());
    const error = await this.#trySending(channel, message, event);
    if (error === undefined) {
      await this.#book.markSent(rows, now());
      this.#failures.delete(channel);
      return undefined;
    }
    const again = failureOf(error, failure?.count ?? 0, now());
    this.#failures.set(channel, again);
    // Who is told is a person: the log names the way.
    onTrouble(`notices by ${isMail(channel) ? 'mail' : channel}`, error);
    return again;
  }

  async #trySending(channel: Channel, message: Message, event: object): Promise<NoticeError | undefined> {
    try {
      await this.#send(channel, message, event);
      return undefined;
    } catch (error) {
      if (error instanceof NoticeError) return error;
      throw error;
    }
  }

  async #send(channel: Channel, message: Message, event: object): Promise<void> {
    const { mail, webhook } = this.#settings;
    if (channel !== 'webhook' && mail !== undefined) {
      const password = this.#unseal(mail.sealedPassword, purposes.password);
      return sendMail(mail, password, recipientOf(channel), message);
    }
    const secret = this.#unseal(webhook?.sealedSecret, purposes.secret);
    if (webhook === undefined || secret === undefined)
      throw new NoticeError('not-set', 'There is no webhook');
    const { host } = new URL(webhook.url);
    const { certificates, url } = webhook;
    const body = JSON.stringify(event);
    const answer = await postSigned({ url, secret, certificates }, body, this.#options.now()).catch(
      (cause: unknown) => {
        throw explainConnection(cause, `The webhook at ${host}`);
      },
    );
    if (!answer.isTaken)
      throw new NoticeError('not-taken', `The webhook at ${host} answered ${answer.status}`);
  }

  #unseal(sealed: string | undefined, purpose: string): string | undefined {
    if (sealed === undefined) return undefined;
    try {
      return this.#options.token.unwrapKey(sealed, purpose).toString();
    } catch (cause) {
      if (!(cause instanceof TokenError)) throw cause;
      const code = cause.code === 'not-active' ? 'token-signed-out' : 'secret-damaged';
      throw new NoticeError(code, `What the token sealed cannot be had: ${cause.message}`, { cause });
    }
  }

  #inTurn<Value>(act: () => Promise<Value>): Promise<Value> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

function channelsOf({ mail, webhook }: KeptSettings): readonly Channel[] {
  const boxes = mail?.recipients.map((address) => `mail ${address}`) ?? [];
  return webhook === undefined ? boxes : [...boxes, 'webhook'];
}

function isMail(channel: Channel): boolean {
  return channel.startsWith('mail ');
}

/** Whether a failure is of the mail server, and not of one box. */
function concernsAll(channel: Channel, code: NoticeErrorCode): boolean {
  return isMail(channel) && code !== 'recipient-refused' && code !== 'message-refused';
}

function recipientOf(channel: Channel): string {
  return channel.slice('mail '.length);
}

function failureOf({ code, message, remedy }: NoticeError, former: number, now: Date): NoticeFailure {
  const count = former + 1;
  const pause = Math.min(firstPauseMs * 2 ** (count - 1), longestPauseMs);
  return {
    ...{ at: now, code, text: message, remedy, count },
    nextAttemptAt: new Date(now.getTime() + pause),
  };
}

/** What a webhook is sent. */
function eventOf(notices: readonly Notice[], id: string, server: string, now: Date): object {
  return {
    ...{ event: 'expiries', id, server, at: now.toISOString() },
    notices: notices.map(({ id: notice, days, expiry }) => ({
      ...{ id: notice, days, kind: expiry.kind, owner: expiry.owner, sha256: expiry.sha256 },
      ...{ subject: expiry.subject, issuer: expiry.issuer, notAfter: expiry.notAfter.toISOString() },
      ...(expiry.renewalTrouble !== undefined && { renewalTrouble: expiry.renewalTrouble }),
    })),
  };
}
