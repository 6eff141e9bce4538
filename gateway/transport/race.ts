/** Every candidate failed; `errors` are in the order of the failures. */
export class RaceError extends AggregateError {
  override readonly name = 'RaceError';
}

/**
 * Tries candidates one after another without waiting for the one before: the next begins when `staggerMs` have
 * passed, or at once when one failed. The first success wins. Attempts under way then are left to end by
 * themselves, and none is begun any more.
 * @throws RaceError when all have failed
 * @see RFC 8305 §5
 */
export function race<Candidate, Result>(
  candidates: readonly Candidate[],
  attempt: (candidate: Candidate) => Promise<Result>,
  staggerMs: number,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const waiting = [...candidates];
    const failures: unknown[] = [];
    let timer: NodeJS.Timeout | undefined;
    const end = () => {
      clearTimeout(timer);
      waiting.length = 0;
    };
    const begin = () => {
      clearTimeout(timer);
      const candidate = waiting.shift();
      if (candidate === undefined) return;
      if (waiting.length > 0) timer = setTimeout(begin, staggerMs);
      attempt(candidate).then(
        (result) => {
          end();
          resolve(result);
        },
        (error: unknown) => {
          failures.push(error);
          if (failures.length === candidates.length) reject(new RaceError(failures));
          else begin();
        },
      );
    };
    if (candidates.length === 0) reject(new RaceError([]));
    else begin();
  });
}
