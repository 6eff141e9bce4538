import type { ReceivedMessage } from '../transport/index.ts';
import type { AnswerToSend } from './send-answer.ts';

/** A service that a request may reach; nothing of it was called yet. */
export type ChosenService = (message: ReceivedMessage) => Promise<{
  readonly answer: AnswerToSend;
  /** Lets go of what the answer holds open. */
  readonly abandon: () => void;
}>;
