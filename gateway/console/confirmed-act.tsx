import type { Child } from 'hono/jsx';
import { type Pages, seeOther } from './answer.ts';
import { ConfirmForm } from './components/confirm-form.tsx';
import type { FormProblem, Values } from './components/form.tsx';
import type { Crumb, PageContent } from './components/page.tsx';
import { isConfirmed } from './protect.ts';
import { submit } from './submit.ts';
import type { Visit } from './visit.ts';

/** A dangerous act as its page describes it. */
interface Described {
  readonly title: string;
  /** Of the button: what is done, in a word. */
  readonly submit: string;
  readonly crumbs: readonly Crumb[];
  /** Where giving up leads. */
  readonly cancel: string;
  /** What will happen, one sentence each. */
  readonly happens: readonly string[];
  /** Something is lost by it; true unless told. */
  readonly isDangerous?: boolean;
  /** Fields that are asked for as well. */
  readonly fields?: (values: Values, problems: readonly FormProblem[]) => Child;
}

interface ConfirmedAct {
  /** Pattern of the page's path, at which the form is posted too. */
  readonly path: string;
  readonly fieldNames?: readonly string[];
  readonly describe: (visit: Visit) => Described | Promise<Described>;
  /** @returns the path to go on at */
  readonly act: (visit: Visit, values: Readonly<Record<string, string>>) => Promise<string>;
}

/** The page of an act that cannot be taken back easily: it says what will happen, and asks once. */
export function addConfirmedAct(pages: Pages, { path, fieldNames = [], describe, act }: ConfirmedAct): void {
  const draw = async (
    visit: Visit,
    values: Values,
    problems: readonly FormProblem[],
  ): Promise<PageContent> => {
    const {
      title,
      submit: word,
      crumbs,
      cancel,
      happens,
      isDangerous = true,
      fields,
    } = await describe(visit);
    const form = { action: visit.url.pathname, submit: word, cancel, happens, problems, isDangerous };
    return {
      ...{ title, crumbs },
      ...(problems.length > 0 && { status: 422, isRefused: true }),
      body: <ConfirmForm {...form}>{fields?.(values, problems)}</ConfirmForm>,
    };
  };
  pages.get(path, (visit) => draw(visit, {}, []));
  pages.post(path, (visit, form) =>
    submit(form, {
      fields: fieldNames,
      act: async (values) =>
        isConfirmed(form)
          ? seeOther(await act(visit, values))
          : draw(visit, values, [{ name: 'confirmed', text: visit.texts.confirmFirst }]),
      again: (values, problems) => draw(visit, values, problems),
    }),
  );
}
