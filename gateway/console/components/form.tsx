import type { Child } from 'hono/jsx';
import type { ApiRefusal } from '../api-client.ts';
import { useVisit } from '../visit.ts';

/** What stands in the fields of a form: what the visitor typed, when it comes back. */
export type Values = Readonly<Record<string, string | undefined>>;

/** What is wrong with a form. */
export interface FormProblem {
  /** By the name of the field; '' for the whole. */
  readonly name: string;
  readonly text: string;
  /** It is a warning with this code: who means it all the same ticks a box. */
  readonly warning?: string;
}

/** The token of the session, without which a change is refused. */
export function Csrf() {
  const { session } = useVisit();
  return session === undefined ? null : <input type="hidden" name="_csrf" value={session.csrfToken} />;
}

interface FormProps {
  readonly action: string;
  readonly submit: string;
  readonly problems?: readonly FormProblem[];
  /** Where giving up leads. */
  readonly cancel?: string;
  /** Version of what the form changes, as the visitor saw it. */
  readonly etag?: string | undefined;
  readonly isDangerous?: boolean;
  /** Its button is not the main act of the page. */
  readonly isQuiet?: boolean;
  readonly isUpload?: boolean;
  /** It asks and changes nothing: what was entered stands in the address of the answer. */
  readonly isQuestion?: boolean;
  readonly children?: Child;
}

/** A form that is posted whole and, when refused, comes back with everything that was typed. */
export function Form({
  action,
  submit,
  problems = [],
  cancel,
  isDangerous,
  isQuiet,
  isUpload,
  isQuestion,
  etag,
  children,
}: FormProps) {
  const { texts } = useVisit();
  return (
    <>
      <ErrorSummary problems={problems} />
      <form
        class="wg-form"
        method={isQuestion ? 'get' : 'post'}
        action={action}
        enctype={isUpload ? 'multipart/form-data' : undefined}
        novalidate
      >
        {!isQuestion && <Csrf />}
        {etag !== undefined && <input type="hidden" name="_etag" value={etag} />}
        {children}
        {problems.map(
          ({ name, text, warning }) =>
            warning !== undefined && (
              <label class="wg-check">
                <input
                  class="ds-input"
                  id={`field-${name}`}
                  type="checkbox"
                  name="_confirm"
                  value={warning}
                />
                <span>
                  {texts.meantSo}
                  <span class="wg-hint">{text}</span>
                </span>
              </label>
            ),
        )}
        <div class="wg-buttons">
          <button
            class="ds-button"
            data-color={isDangerous ? 'danger' : undefined}
            data-variant={isQuiet ? 'secondary' : undefined}
            type="submit"
          >
            {submit}
          </button>
          {cancel !== undefined && (
            <a class="ds-button" data-variant="tertiary" href={cancel}>
              {texts.cancel}
            </a>
          )}
        </div>
      </form>
    </>
  );
}

/** All that is wrong, above the form, each leading to its field. @see GOV.UK Design System, error summary */
function ErrorSummary({ problems }: { readonly problems: readonly FormProblem[] }) {
  const { texts } = useVisit();
  if (problems.length === 0) return null;
  return (
    <div class="ds-error-summary" role="alert" aria-labelledby="error-summary" tabindex={-1}>
      <h2 class="ds-heading" id="error-summary">
        {texts.problemHeading}
      </h2>
      <ul>
        {problems.map(({ name, text }) => (
          <li>{name === '' ? text : <a href={`#field-${name}`}>{text}</a>}</li>
        ))}
      </ul>
    </div>
  );
}

/**
 * What the API refused, as problems of a form.
 * @param fields names of the form's fields; a pointer into the body whose first part is one of them leads there
 */
export function problemsOf(refusal: ApiRefusal, fields: readonly string[]): readonly FormProblem[] {
  if (refusal.warnings.length > 0) {
    return refusal.warnings.map(({ code, text }) => ({ name: `warning-${code}`, text, warning: code }));
  }
  if (refusal.errors.length === 0) return [{ name: '', text: refusal.message }];
  return refusal.errors.map(({ pointer, detail }) => {
    const name = pointer.split('/')[1] ?? '';
    return fields.includes(name) ? { name, text: detail } : { name: '', text: `${pointer}: ${detail}` };
  });
}
