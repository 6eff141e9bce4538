import {
  Field,
  type FormProblem,
  Instant,
  Tag,
  type TagColor,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import type { Grant } from './answers.ts';
import { textsOf } from './texts.ts';

const colors: Readonly<Record<Grant['state'], TagColor>> = {
  'to-begin': 'info',
  'in-force': 'success',
  ended: 'neutral',
};

/** Whether a right holds now, and from when until when. */
export function Validity({ visit, grant }: { readonly visit: Visit; readonly grant: Grant }) {
  const t = textsOf(visit);
  const { state, validFrom, validUntil } = grant;
  return (
    <>
      <Tag text={t.states[state]} color={colors[state]} />{' '}
      {state === 'to-begin' && validFrom !== undefined && (
        <>
          {t.from} <Instant at={validFrom} />{' '}
        </>
      )}
      {validUntil !== undefined && (
        <>
          {t.until} <Instant at={validUntil} />
        </>
      )}
    </>
  );
}

/** The state of a right as text, for a table that is searched and taken away. */
export function validityText(visit: Visit, { state, validFrom, validUntil }: Grant): string {
  const t = textsOf(visit);
  const from = validFrom === undefined ? '' : ` ${t.from} ${validFrom}`;
  return `${t.states[state]}${from}${validUntil === undefined ? '' : ` ${t.until} ${validUntil}`}`;
}

/** The whole service, or one of its endpoints, in words. */
export function endpointText(visit: Visit, { method, path }: Pick<Grant, 'method' | 'path'>): string {
  return method === '*' && path === '**' ? textsOf(visit).wholeService : `${method} ${path}`;
}

export const validityFields = ['validFrom', 'validUntil'] as const;

/** From when until when a right is given. */
export function ValidityFields({
  visit,
  values,
  problems,
}: {
  readonly visit: Visit;
  readonly values: Values;
  readonly problems: readonly FormProblem[];
}) {
  const t = textsOf(visit);
  const common = { values, problems, isOptional: true, type: 'datetime-local' } as const;
  return (
    <>
      <Field name="validFrom" label={t.validFrom} hint={t.validFromHint} {...common} />
      <Field name="validUntil" label={t.validUntil} hint={t.validUntilHint} {...common} />
    </>
  );
}

/** What was entered, which is UTC, as the API takes it; nothing where nothing was. */
export function readValidity(values: Readonly<Record<string, string>>) {
  const { validFrom = '', validUntil = '' } = values;
  return {
    ...(validFrom !== '' && { validFrom: instantOf(validFrom) }),
    ...(validUntil !== '' && { validUntil: instantOf(validUntil) }),
  };
}

/** Without a zone it is UTC; whether it is an instant is for the API to say. */
function instantOf(entered: string): string {
  const text = entered.replace(' ', 'T');
  return /(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`;
}
