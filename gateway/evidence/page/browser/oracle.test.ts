import { describe, expect, it } from 'vitest';
import { answerTo, type Question, runUntilAnswered, Unanswerable } from './oracle.ts';

function question(key: string, answer: boolean | Error, asked: string[] = []): Question {
  return {
    key,
    ask: async () => {
      asked.push(key);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}

describe('a run that asks what only a witness can tell', () => {
  it('counts only when all its questions have answers', async () => {
    const seen: boolean[] = [];
    const result = await runUntilAnswered(async () => {
      const is = answerTo(question('a', false), true);
      seen.push(is);
      return is;
    });
    expect([result, seen]).toEqual([false, [true, false]]);
  });

  it('is done again for questions that an answer leads to, and asks each once', async () => {
    const asked: string[] = [];
    let runs = 0;
    const result = await runUntilAnswered(async () => {
      runs += 1;
      const first = answerTo(question('first', false, asked), true);
      const second = answerTo(question('second', true, asked), true);
      return first ? 'guessed' : [answerTo(question('third', false, asked), true), second];
    });
    expect(result).toEqual([false, true]);
    expect([runs, asked]).toEqual([3, ['first', 'second', 'third']]);
  });

  it('throws away what a guess led to, exceptions too', async () => {
    const result = await runUntilAnswered(async () => {
      if (answerTo(question('a', false), true)) throw new Error('a guess led here');
      return 'told';
    });
    expect(result).toBe('told');
    const failing = runUntilAnswered(async () => {
      if (!answerTo(question('a', false), true)) throw new RangeError('told');
    });
    await expect(failing).rejects.toThrow(RangeError);
  });

  it('has no result when the witness cannot tell, though the asker swallows all exceptions', async () => {
    const unable = new Unanswerable('no such curve');
    const running = runUntilAnswered(async () => {
      try {
        return answerTo(question('a', unable), true);
      } catch {
        return false;
      }
    });
    await expect(running).rejects.toBe(unable);
  });

  it('passes on what goes wrong with the witness itself', async () => {
    const running = runUntilAnswered(async () => answerTo(question('a', new TypeError('broken')), true));
    await expect(running).rejects.toThrow(TypeError);
  });

  it('comes to an end for one who always asks something new', async () => {
    let next = 0;
    const run = async () => {
      next += 1;
      return answerTo(question(`question ${next}`, true), true);
    };
    await expect(runUntilAnswered(run)).rejects.toThrow(Unanswerable);
    const many = async () => {
      for (let at = 0; at < 10; at += 1) answerTo(question(`many ${at}`, true), true);
    };
    const limits = { maxRounds: 3, maxQuestions: 9 };
    await expect(runUntilAnswered(many, limits)).rejects.toThrow(Unanswerable);
  });

  it('takes no answer of another run', async () => {
    await runUntilAnswered(async () => answerTo(question('a', true), true));
    expect(await runUntilAnswered(async () => answerTo(question('a', false), true))).toBe(false);
  });
});
