import { TokenError } from '../../certs/token/index.ts';
import { Problem } from '../../gateway/http/index.ts';
import { type FoundInFolder, initRegistry } from '../init.ts';
import { RegisterError } from '../register/index.ts';
import { checkFounding, type FoundingRequest, fieldsProblem } from './request.ts';

export interface FoundingDeskOptions {
  /** Folder of the registry. */
  readonly data: string;
  /** With which the program was started; absent: whoever founds chooses it. */
  readonly pin: string | undefined;
  /** Whose founding was cut short in the folder. */
  readonly former: FoundInFolder | undefined;
  readonly now: () => Date;
  /** Starts the registry that was founded. */
  readonly start: (pin: string) => Promise<void>;
}

/** Founds the instance of a folder, once. */
export class FoundingDesk {
  readonly #options: FoundingDeskOptions;
  #state: 'waiting' | 'founding' | 'founded' | 'closed' = 'waiting';
  #underWay: Promise<void> = Promise.resolve();

  constructor(options: FoundingDeskOptions) {
    this.#options = options;
  }

  /** What whoever founds has to know. */
  view(): { readonly isPinKnown: boolean; readonly instance?: string } {
    const { pin, former } = this.#options;
    return { isPinKnown: pin !== undefined, ...(former !== undefined && { instance: former.instance }) };
  }

  /**
   * Founds it and starts its registry. Of many at once, one is heard.
   * @throws Problem 409 founding-under-way, exists; 422 invalid-fields; 500 start-failed when it is founded and cannot
   *   be started
   */
  async found(request: FoundingRequest): Promise<void> {
    // Nothing is waited for between this look and the mark below.
    if (this.#state !== 'waiting') throw refusals[this.#state]();
    const { former } = this.#options;
    const pin = this.#options.pin ?? request.pin;
    if (pin === undefined) throw fieldsProblem([{ pointer: '/pin', detail: 'A PIN is expected' }]);
    checkFounding({ ...request, pin });
    if (former !== undefined && former.instance !== request.instance) {
      const detail = `The founding of ${former.instance} was cut short in this folder: found that one, or take another folder`;
      throw fieldsProblem([{ pointer: '/instance', detail }]);
    }
    this.#state = 'founding';
    const done = this.#foundAndStart(request, pin);
    this.#underWay = done.catch(() => undefined);
    await done;
  }

  /** Founds nothing any more; waits for what is under way. */
  async close(): Promise<void> {
    await this.#underWay;
    this.#state = 'closed';
  }

  async #foundAndStart(request: FoundingRequest, pin: string): Promise<void> {
    const { data, now, start } = this.#options;
    const {
      instance,
      address,
      memberClasses,
      administrator: name,
      administratorPassword: password,
    } = request;
    try {
      await initRegistry({
        ...{ data, instance, address, memberClasses, pin, now },
        administrator: { name, password },
      });
    } catch (error) {
      this.#state = 'waiting';
      throw explained(error);
    }
    this.#state = 'founded';
    try {
      await start(pin);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const detail = `The instance is founded, and its registry cannot be started: ${why}. Start the program again when that is mended`;
      throw new Problem(500, 'start-failed', detail, { cause });
    }
  }
}

const refusals = {
  founding: () => new Problem(409, 'founding-under-way', 'Somebody else founds the instance at this moment'),
  founded: () => new Problem(409, 'exists', 'The instance is founded; that is done once'),
  closed: () => new Problem(503, 'stopping', 'The program is being stopped'),
} as const;

function explained(error: unknown): unknown {
  if (error instanceof TokenError && ['pin-incorrect', 'pin-locked'].includes(error.code)) {
    const detail = `A founding was cut short in this folder, with another PIN. ${error.message}`;
    return fieldsProblem([{ pointer: '/pin', detail }]);
  }
  if (error instanceof RegisterError && error.code === 'exists') {
    return new Problem(409, 'exists', error.message, { cause: error });
  }
  return error;
}
