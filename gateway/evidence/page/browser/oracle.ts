/**
 * Answers of an asynchronous witness for code that asks synchronously. A question without an answer yet is noted and
 * met with a guess; a run that was told guesses counts for nothing, and is done again once the witness has answered.
 */
export interface Question {
  /** Two questions of one key have one answer. */
  readonly key: string;
  /** @throws Unanswerable when this witness cannot tell */
  readonly ask: () => Promise<boolean>;
}

/** What this browser cannot tell: neither yes nor no, and so there is no verdict. */
export class Unanswerable extends Error {
  override readonly name = 'Unanswerable';
}

export interface OracleLimits {
  /** Every round answers one question at least that the one before could not have asked. */
  readonly maxRounds: number;
  readonly maxQuestions: number;
}

const usualLimits: OracleLimits = { maxRounds: 200, maxQuestions: 100_000 };

const answers = new Map<string, boolean | Unanswerable>();
const open = new Map<string, Question>();
let met: Unanswerable | undefined;

/** @returns the answer, or while there is none a guess that makes this run worthless */
export function answerTo(question: Question, guess: boolean): boolean {
  const answer = answers.get(question.key);
  if (answer instanceof Unanswerable) {
    met = answer;
    return guess;
  }
  if (answer === undefined) open.set(question.key, question);
  return answer ?? guess;
}

/**
 * Runs what asks until one run had an answer to all it asked. Whatever a run made of guesses, a result or an
 * exception, is thrown away: only the last run counts.
 * @param run does all its work anew each time, and keeps nothing
 * @throws Unanswerable, and what the last run throws
 */
export async function runUntilAnswered<T>(
  run: () => Promise<T>,
  { maxRounds, maxQuestions }: OracleLimits = usualLimits,
): Promise<T> {
  answers.clear();
  for (let round = 0; round < maxRounds; round += 1) {
    open.clear();
    met = undefined;
    const outcome = await settle(run);
    if (open.size === 0) {
      // Not by `throw` where it was met: a judge takes many an exception for a bad signature.
      if (met !== undefined) throw met;
      return outcome();
    }
    if (answers.size + open.size > maxQuestions) {
      throw new Unanswerable(`there are more than ${maxQuestions} signatures`);
    }
    await Promise.all([...open.values()].map(answer));
  }
  throw new Unanswerable(`after ${maxRounds} rounds there are still signatures to check`);
}

/** The outcome as something to be taken later, or never. */
async function settle<T>(run: () => Promise<T>): Promise<() => T> {
  try {
    const value = await run();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

async function answer({ key, ask }: Question): Promise<void> {
  try {
    answers.set(key, await ask());
  } catch (error) {
    if (!(error instanceof Unanswerable)) throw error;
    answers.set(key, error);
  }
}
