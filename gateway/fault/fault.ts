import { IdentifierError } from '../identifier/index.ts';
import { XmlError } from '../xml/index.ts';
import { type FaultCode, type FaultOrigin, readCode, type Spelling, spellParts } from './codes.ts';

export interface FaultOptions {
  readonly origin?: FaultOrigin;
  /** Codes this one is nested in, outermost first. */
  readonly within?: readonly FaultCode[];
  /** Kept for the log; strangers never see it. */
  readonly cause?: unknown;
  /** After how long the same request may be taken; of QuotaExceeded. */
  readonly retryAfterSeconds?: number;
}

/** The one class of refusals. Its message is shown to strangers: say what was expected, what came, what to do. */
export class Fault extends Error {
  override readonly name: string = 'Fault';
  readonly code: FaultCode;
  readonly within: readonly FaultCode[];
  readonly origin: FaultOrigin | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: FaultCode,
    message: string,
    { origin, within = [], cause, retryAfterSeconds }: FaultOptions = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.within = within;
    this.origin = origin;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** The same fault nested in `wrapper`, once. */
  wrappedIn(wrapper: FaultCode): Fault {
    if (this.code === wrapper || this.within[0] === wrapper) return this;
    return this.#with({ within: [wrapper, ...this.within] });
  }

  /** The same fault with the stretch of road where it arose; an origin set before is kept. */
  at(origin: FaultOrigin): Fault {
    return this.origin === undefined ? this.#with({ origin }) : this;
  }

  #with(changed: FaultOptions): Fault {
    const { origin, within, cause, retryAfterSeconds } = this;
    const copy = new Fault(this.code, this.message, {
      within,
      ...(origin !== undefined && { origin }),
      ...(cause !== undefined && { cause }),
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      ...changed,
    });
    if (this.stack !== undefined) copy.stack = this.stack;
    return copy;
  }
}

/** A fault that a peer reported: passed on in its own words, for it knows more than we do. */
export class RelayedFault extends Fault {
  override readonly name = 'RelayedFault';
  /** Code exactly as the peer spelled it. */
  readonly peerCode: string;
  /** Detail text of the peer: usually its log reference. */
  readonly detail: string;
  /** The whole fault message as it came, for whoever speaks SOAP. */
  readonly xml: string | undefined;

  constructor(peerCode: string, message: string, detail: string, xml?: string, retryAfterSeconds?: number) {
    const known = readCode(peerCode);
    super(known?.code ?? 'InternalError', message, {
      within: known?.within ?? [],
      ...(known?.origin !== undefined && { origin: known.origin }),
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    });
    this.peerCode = peerCode;
    this.detail = detail;
    this.xml = xml;
  }

  override wrappedIn(): Fault {
    return this;
  }

  override at(): Fault {
    return this;
  }
}

/** Anything thrown as a fault. What nobody foresaw is an InternalError, and a bug of ours. */
export function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof IdentifierError) return new Fault('InternalError', error.message, { cause: error });
  if (error instanceof XmlError) return new Fault('InvalidXml', error.message, { cause: error });
  // The message of an unforeseen error may hold what strangers should not see.
  return new Fault('InternalError', 'An unexpected error; the log knows more under the detail identifier', {
    cause: error,
  });
}

/** The whole code as it is sent; characters that would break out of a header are left out of a peer's code. */
export function spellCode(fault: Fault, spelling: Spelling = '7.8'): string {
  if (fault instanceof RelayedFault) return fault.peerCode.replace(/[^\x21-\x7e]/g, '').slice(0, 200);
  return spellParts(fault, spelling);
}
