import type { Child } from 'hono/jsx';
import { useVisit } from '../visit.ts';
import { Field } from './field.tsx';
import { Form, type FormProblem } from './form.tsx';

interface ConfirmProps {
  readonly action: string;
  readonly submit: string;
  readonly cancel: string;
  /** What will happen, one sentence each. */
  readonly happens: readonly string[];
  readonly problems?: readonly FormProblem[];
  /** Something is lost by it; true unless told. */
  readonly isDangerous?: boolean;
  /** Fields that are asked for as well. */
  readonly children?: Child;
}

/** A dangerous act on a page of its own: what will happen, one box to tick, one button. */
export function ConfirmForm(props: ConfirmProps) {
  const { texts, frame } = useVisit();
  const { action, submit, cancel, happens, problems = [], isDangerous = true, children } = props;
  return (
    <div class={isDangerous ? 'ds-card wg-confirm wg-confirm-danger' : 'ds-card wg-confirm'}>
      <h2 class="ds-heading" data-size="2xs">
        {texts.whatWillHappen}
      </h2>
      <ul>
        {happens.map((one) => (
          <li>{one}</li>
        ))}
      </ul>
      <Form action={action} submit={submit} cancel={cancel} problems={problems} isDangerous={isDangerous}>
        {children}
        {frame.keepsReasons && (
          <Field name="_why" label={texts.why} hint={texts.whyHint} maxLength={500} isOptional />
        )}
        <label class="wg-check">
          <input
            class="ds-input"
            id="field-confirmed"
            type="checkbox"
            name="confirmed"
            value="yes"
            required
          />
          <span>{texts.understood}</span>
        </label>
      </Form>
    </div>
  );
}
