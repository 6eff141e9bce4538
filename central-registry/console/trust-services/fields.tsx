import {
  Field,
  type FormProblem,
  SelectField,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import { textsOf } from '../texts.ts';
import { costTypes } from './answers.ts';

interface FieldProps {
  readonly visit: Visit;
  readonly name: string;
  readonly values: Values;
  readonly problems: readonly FormProblem[];
}

/** A certificate as text. */
export function CertificateField({
  visit,
  isOptional = false,
  hint,
  ...field
}: FieldProps & { readonly isOptional?: boolean; readonly hint?: string }) {
  const t = textsOf(visit);
  return (
    <Field
      {...field}
      label={t.certificate}
      hint={hint ?? t.certificateHint}
      lines={8}
      maxLength={65_536}
      isOptional={isOptional}
      isCode
    />
  );
}

/** Whether using a service costs money; servers show it. */
export function CostField({ visit, ...field }: FieldProps) {
  const { trust } = textsOf(visit);
  const choices = costTypes.map((value) => ({ value, text: trust.costs[value] }));
  return (
    <SelectField
      {...field}
      label={trust.cost}
      choices={[{ value: '', text: trust.notTold }, ...choices]}
      isOptional
    />
  );
}

/** What was left empty is not told. */
export function given<Name extends string>(values: Readonly<Record<Name, string | undefined>>) {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && value !== ''),
  ) as {
    [Key in Name]?: string;
  };
}
