import type { ReceivedMessage } from '../transport/index.ts';
import type { AnswerToSend } from './send-answer.ts';

/** A service that a request may reach; nothing of it was called yet. */
export type ChosenService = (message: ReceivedMessage) => Promise<{
  readonly answer: AnswerToSend;
  /** HTTP status with which a REST service answered. */
  readonly statusCode?: number;
  /** Lets go of what the answer holds open. */
  readonly abandon: () => void;
}>;
