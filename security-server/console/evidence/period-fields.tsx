import { Field, type FormProblem, type Values, type Visit } from '../../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

interface PeriodProps {
  readonly visit: Visit;
  readonly values: Values;
  readonly problems: readonly FormProblem[];
  /** Whether both ends have to be told. */
  readonly isNeeded?: boolean;
}

/** Begin and end of a period, as the API reads them. */
export function PeriodFields({ visit, values, problems, isNeeded = false }: PeriodProps) {
  const t = textsOf(visit);
  const common = { values, problems, isOptional: !isNeeded, maxLength: 40 };
  return (
    <>
      <Field name="from" label={t.from} hint={t.fromHint} {...common} />
      <Field name="to" label={t.to} hint={t.toHint} {...common} />
    </>
  );
}

/** A member or subsystem. */
export function PartyField({ visit, values, problems, isNeeded = false }: PeriodProps) {
  const t = textsOf(visit);
  const common = { values, problems, isOptional: !isNeeded, maxLength: 2_000, isCode: true };
  return <Field name="party" label={t.party} hint={t.partyHint} {...common} />;
}
