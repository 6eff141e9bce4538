import type { ReceivedMessage } from '../transport/index.ts';
import type { AnswerToSend } from './send-answer.ts';

/** A service that a request may reach; nothing of it was called yet. */
export interface ChosenService {
  /** Counts the request, once its signature was verified. @throws Fault QuotaExceeded */
  readonly count: () => void;
  /** @param context headers that tell the service of the trace it is part of */
  readonly call: (message: ReceivedMessage, context: ContextHeaders) => Promise<ServiceAnswer>;
}

/** Lower-case names with their values. */
export type ContextHeaders = readonly (readonly [string, string])[];

export interface ServiceAnswer {
  readonly answer: AnswerToSend;
  /** HTTP status with which a REST service answered. */
  readonly statusCode?: number;
  /** Lets go of what the answer holds open. */
  readonly abandon: () => void;
}

/** Of services of our own, which have no quotas. */
export const uncounted = (): void => undefined;
