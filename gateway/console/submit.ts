import type { Answer } from './answer.ts';
import { ApiRefusal } from './api-client.ts';
import { type FormProblem, problemsOf, type Values } from './components/form.tsx';
import { textOf } from './protect.ts';

interface Submission {
  /** Names of the fields, all kept for when the form comes back; passwords are never shown again. */
  readonly fields: readonly string[];
  readonly act: (values: Readonly<Record<string, string>>) => Promise<Answer>;
  /** Draws the form again. */
  readonly again: (values: Values, problems: readonly FormProblem[]) => Answer | Promise<Answer>;
}

/** Does what a form asks; a refusal brings the form back, with what was typed and what was wrong. */
export async function submit(form: FormData, { fields, act, again }: Submission): Promise<Answer> {
  const values = Object.fromEntries(fields.map((name) => [name, textOf(form, name)]));
  try {
    return await act(values);
  } catch (error) {
    // Who is not signed in any more, or may not, is told so on a page of its own.
    if (!(error instanceof ApiRefusal) || error.status === 401 || error.status === 403) throw error;
    const answer = await again(values, problemsOf(error, fields));
    return answer instanceof Response ? answer : { status: error.status, isRefused: true, ...answer };
  }
}
