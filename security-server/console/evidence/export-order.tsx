import {
  CheckboxField,
  Field,
  type FormProblem,
  handOn,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

/** Fields of `ExportFields`. */
export const exportFields = ['purpose', 'heldSizes'] as const;

interface ExportProps {
  readonly visit: Visit;
  readonly values: Values;
  readonly problems: readonly FormProblem[];
}

/** What every export asks, whatever it is of. */
export function ExportFields({ visit, values, problems }: ExportProps) {
  const t = textsOf(visit);
  return (
    <>
      <Field
        name="purpose"
        label={t.purpose}
        hint={t.purposeHint}
        values={values}
        problems={problems}
        maxLength={500}
      />
      <CheckboxField
        name="includeBodies"
        label={t.includeBodies}
        choices={[{ value: 'yes', text: t.withBodies, hint: t.withBodiesHint }]}
        chosen={[]}
      />
      <Field
        name="heldSizes"
        label={t.heldSizes}
        hint={t.heldSizesHint}
        values={values}
        problems={problems}
        maxLength={2_000}
        isOptional
      />
    </>
  );
}

/**
 * Has evidence exported and hands the file on.
 * @param scope as the API takes it
 * @throws ApiRefusal
 */
export async function orderExport(
  visit: Visit,
  form: FormData,
  scope: Readonly<Record<string, unknown>>,
  { purpose, heldSizes = '' }: Values,
): Promise<Response> {
  const body = {
    ...{ scope, purpose, includeBodies: form.get('includeBodies') === 'yes' },
    heldSizes: heldSizes
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(Number),
  };
  return handOn(await visit.api.fetch('/api/v1/evidence/exports', { method: 'POST', body }));
}
