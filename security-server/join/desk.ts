import { checkPin } from '../../certs/token/index.ts';
import type { InvitationClaims } from '../../gateway/joining/index.ts';
import { type FirstPerson, prepareFirstPerson } from '../../gateway/people/index.ts';
import { type AwaitedCertificate, awaitedCertificates, bringCertificate, readRequest } from './by-hand.ts';
import { checkJoining, type ToCheck } from './check-begin.ts';
import type { CertificateUse } from './enrol.ts';
import { JoinError, messageOf } from './error.ts';
import { Joining, type JoiningOptions, type JoinView, readJoinView } from './joining.ts';
import type { JoiningServer } from './step.ts';
import type { JoiningBegin } from './take-up.ts';

export interface JoinDeskOptions extends Omit<JoiningOptions, 'signal' | 'start' | 'waits' | 'pin'> {
  /** With which the program was started; absent: whoever joins enters it. */
  readonly pin?: string;
  /** The server when it runs; else it is started, once it is founded. */
  readonly server: () => Promise<JoiningServer>;
  /** Whether a server is founded here, which has a PIN and people of its own. */
  readonly isFounded: () => boolean;
}

/** Where a joining stands, and whether somebody works on it. */
export interface DeskView extends Omit<JoinView, 'result'> {
  /** `none`: nothing was begun here. */
  readonly result: JoinView['result'] | 'none';
  readonly isRunning: boolean;
  /** Why the last run ended before its time. */
  readonly trouble?: string;
  readonly isFounded: boolean;
  /** Before a server is founded: whether the PIN of its token is known. */
  readonly isPinKnown: boolean;
  /** Names of the devices in which the key for signing may be made. */
  readonly devices: readonly string[];
  /** What somebody has to bring from the authority. */
  readonly certificates: readonly AwaitedCertificate[];
}

/** What a server that is not founded yet needs besides an invitation. */
export interface NewServerSecrets {
  readonly pin?: string;
  readonly administrator?: FirstPerson;
}

/** Joins an instance in the background of a server, for who asks its administration API. */
export class JoinDesk {
  readonly #options: JoinDeskOptions;
  readonly #interruption = new AbortController();
  #pin: string | undefined;
  #joining: Joining | undefined;
  #running: Promise<void> | undefined;
  #isOpening = false;
  #trouble: string | undefined;

  constructor(options: JoinDeskOptions) {
    this.#options = options;
    this.#pin = options.pin;
  }

  /** Of the token of the server to found; of one that was founded, as far as it was told here. */
  get pin(): string | undefined {
    return this.#pin;
  }

  async view(): Promise<DeskView> {
    const { places, isFounded } = this.#options;
    const view = (this.#joining?.view() ?? (await readJoinView(places.data))) || {
      ...{ result: 'none' as const, steps: [] },
    };
    return {
      ...view,
      isRunning: this.#running !== undefined,
      ...(this.#trouble !== undefined && { trouble: this.#trouble }),
      isFounded: isFounded(),
      isPinKnown: this.#pin !== undefined,
      devices: places.devices ?? [],
      certificates: view.result === 'joining' ? await awaitedCertificates(places, view.steps) : [],
    };
  }

  /**
   * What an invitation says, and whether all else fits; nothing is begun.
   * @throws Problem 422 invalid-fields
   */
  check(given: ToCheck): Promise<InvitationClaims | undefined> {
    const { now, places } = this.#options;
    return checkJoining(given, now(), places.devices);
  }

  /**
   * Begins a joining, or goes on with the one that was begun; resolves when it is under way.
   * @throws JoinError wrong-use, also while one runs; InvitationError; Problem 422 invalid-fields
   */
  async begin(begin: JoiningBegin | undefined, secrets: NewServerSecrets = {}): Promise<void> {
    if (this.#isOpening || this.#running !== undefined) {
      throw new JoinError('wrong-use', 'a joining is under way: wait for what is awaited');
    }
    this.#isOpening = true;
    try {
      const person = await this.#takeSecrets(secrets);
      const administrator = person === undefined ? {} : { administrator: person };
      const { server, ...rest } = this.#options;
      const { signal } = this.#interruption;
      const options = { ...rest, signal, waits: true, start: server, pin: () => this.#pin };
      this.#joining = await Joining.open(options, begin && { ...begin, ...administrator });
      this.#pin = this.#options.pin ?? secrets.pin ?? this.#pin;
    } finally {
      this.#isOpening = false;
    }
    this.#trouble = undefined;
    this.#running = this.#joining
      .run()
      .then(() => undefined)
      .catch((error: unknown) => {
        if (this.#interruption.signal.aborted) return;
        this.#trouble = messageOf(error);
        this.#options.onTrouble('joining', error);
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  /**
   * Takes the PIN for the token of a server that is not founded yet, after the program was started anew.
   * @throws JoinError wrong-use when it is known, or the server is founded; TokenError pin-policy
   */
  enterPin(pin: string): void {
    if (this.#pin !== undefined || this.#options.isFounded()) {
      throw new JoinError('wrong-use', 'no PIN is waited for here');
    }
    checkPin(pin);
    this.#pin = pin;
  }

  /** The request that somebody takes to the authority: PEM; undefined while there is none. */
  request(use: CertificateUse): Promise<string | undefined> {
    return readRequest(this.#options.places, use);
  }

  /** @param pem what the authority made of the request @throws JoinError wrong-use */
  bringCertificate(use: CertificateUse, pem: string): Promise<void> {
    return bringCertificate(this.#options.places, use, pem);
  }

  /** Goes on with a joining that was cut short, if there is one. */
  async resume(): Promise<void> {
    const view = await this.view();
    if (view.result === 'joining') await this.begin(undefined);
  }

  /** Breaks the joining off; it goes on when it is taken up again. */
  async close(): Promise<void> {
    this.#interruption.abort();
    await this.#running;
  }

  async #takeSecrets({ pin, administrator }: NewServerSecrets) {
    if (this.#options.isFounded()) {
      if (pin === undefined && administrator === undefined) return undefined;
      throw new JoinError('wrong-use', 'the server is founded: it has a PIN, and people of its own');
    }
    const { pin: started } = this.#options;
    if (pin !== undefined && started !== undefined && pin !== started) {
      throw new JoinError('wrong-use', 'the program was started with another PIN: send none');
    }
    if (pin !== undefined) checkPin(pin);
    return administrator && prepareFirstPerson(administrator);
  }
}
