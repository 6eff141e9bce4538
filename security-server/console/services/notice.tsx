import {
  Field,
  Form,
  type FormProblem,
  Section,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

/** Switches a service, or all of a WSDL, off with a notice, and on again. */
export function NoticeSection({
  visit,
  action,
  notice,
  values,
  problems,
}: {
  readonly visit: Visit;
  readonly action: string;
  /** As it stands; absent: switched on. */
  readonly notice: string | undefined;
  readonly values: Values;
  readonly problems: readonly FormProblem[];
}) {
  const t = textsOf(visit);
  const isOff = notice !== undefined;
  return (
    <Section title={t.notice} lead={t.noticeLead}>
      <Form action={action} submit={isOff ? visit.texts.save : t.switchOff} problems={problems} isQuiet>
        <Field
          name="notice"
          label={t.noticeText}
          hint={t.noticeHint}
          values={{ notice: values['notice'] ?? notice }}
          problems={problems}
          maxLength={1_000}
        />
      </Form>
      {isOff && (
        <Form action={action} submit={t.switchOn}>
          <input type="hidden" name="on" value="yes" />
        </Form>
      )}
    </Section>
  );
}

/** What the form says, as the API takes it: an empty notice is refused there. */
export function readNotice({ notice, on }: Readonly<Record<string, string>>): { notice: string | null } {
  return { notice: on === 'yes' ? null : (notice ?? '') };
}
