import { ApiRefusal } from './api-client.ts';
import { type FormProblem, problemsOf, type Values } from './components/form.tsx';

/** What a form asked that changes nothing. */
export interface Asked<Answer> {
  /** Absent when nothing was asked yet, or it was refused. */
  readonly answer?: Answer;
  readonly values: Values;
  readonly problems: readonly FormProblem[];
}

/**
 * Asks what stands in the address of a page, of a form with `isQuestion`; a refusal becomes problems of the form.
 * @param fields names of the form's fields; what is empty is not asked
 */
export async function ask<Answer>(
  url: URL,
  fields: readonly string[],
  act: (query: URLSearchParams) => Promise<Answer>,
): Promise<Asked<Answer>> {
  const values = Object.fromEntries(
    fields.map((name) => [name, url.searchParams.get(name)?.trim().slice(0, maxAsked) ?? '']),
  );
  if (!fields.some((name) => url.searchParams.has(name))) return { values, problems: [] };
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== ''));
  try {
    return { answer: await act(query), values, problems: [] };
  } catch (error) {
    // Who is not signed in any more, or may not, is told so on a page of its own.
    if (!(error instanceof ApiRefusal) || error.status === 401 || error.status === 403) throw error;
    return { values, problems: problemsOf(error, fields) };
  }
}

/** Characters of a field: no identifier is longer. */
const maxAsked = 2_000;
