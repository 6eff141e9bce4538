import type { DistinguishedName } from '../../certs/x509/index.ts';
import {
  attributeOids,
  type CertificateProfile,
  type Characters,
  type Condition,
  type Field,
  type Form,
  type Reading,
} from './definition.ts';

/** The part of a subject that names a member. */
interface NamedMember {
  readonly instance: string;
  readonly memberClass: string;
  readonly memberCode: string;
}

/**
 * How a step of reading came out. All but the first four end the reading; these codes never change their meaning.
 * `form-shown`, `form-not-shown`: the subject is or is not written in this form. `holds`: what the form needs is so.
 * `read`: a field has its value. `no-form`: no form shows. `attribute-missing`, `attribute-repeated`: the subject has
 * it not, or more than once. `value-differs`: it is not what the form needs, or does not begin so. `parts-differ`:
 * the separator does not cut it into so many parts, each with something in it. `shape-differs`: wrong characters or
 * length. `not-in-table`: no row of the table fits.
 */
export const stepCodes = [
  'form-shown',
  'form-not-shown',
  'holds',
  'read',
  'no-form',
  'attribute-missing',
  'attribute-repeated',
  'value-differs',
  'parts-differ',
  'shape-differs',
  'not-in-table',
] as const;

type StepCode = (typeof stepCodes)[number];

type FieldName = keyof NamedMember;

/** One step of reading a subject by a profile. */
export interface Step {
  readonly code: StepCode;
  /** Which form of the profile, from 1; absent when none shows. */
  readonly form?: number;
  /** What is being read; absent while a form is chosen or what it needs is looked at. */
  readonly field?: FieldName;
  readonly attribute?: string;
  /** What the subject has for the attribute; of long values the beginning, of many the first. */
  readonly seen?: readonly string[];
  /** What the field was read as. */
  readonly value?: string;
}

interface Outcome {
  /** Undefined when the last step failed. */
  readonly member: NamedMember | undefined;
  /** In their order; at least one. */
  readonly steps: readonly Step[];
}

type Result = { readonly value: string } | { readonly code: StepCode };

const shownLength = 300;
const shownCount = 5;

/**
 * Reads the member that a subject names. Of two values of one attribute neither counts: which one does would depend on
 * who reads, and a certificate must not be of one member here, of another there.
 * @param instance of whom the signer is expected to be; some profiles do not write it in the certificate
 */
export function readMember(
  { forms }: Pick<CertificateProfile, 'forms'>,
  subject: DistinguishedName,
  instance: string,
): Outcome {
  const steps: Step[] = [];
  const failed = (step: Step): Outcome => ({ member: undefined, steps: [...steps, step] });
  const index = forms.findIndex((one, at) => isShown(one, at + 1, subject, steps));
  const chosen = forms[index];
  if (chosen === undefined) return failed({ code: 'no-form' });
  const form = index + 1;
  for (const condition of chosen.needs ?? []) {
    const { attribute } = condition;
    const about = { form, attribute, seen: show(valuesOf(subject, attribute)) };
    const result = need(condition, subject);
    if ('code' in result) return failed({ code: result.code, ...about });
    steps.push({ code: 'holds', ...about });
  }
  const read: Partial<Record<FieldName, string>> = {};
  for (const field of ['instance', 'memberClass', 'memberCode'] as const) {
    const rule = chosen[field];
    const about = {
      form,
      field,
      ...(rule.from === 'subject' && {
        attribute: rule.attribute,
        seen: show(valuesOf(subject, rule.attribute)),
      }),
    };
    const result = readField(rule, subject, instance);
    if ('code' in result) return failed({ code: result.code, ...about });
    steps.push({ code: 'read', ...about, value: result.value });
    read[field] = result.value;
  }
  const { instance: named = '', memberClass = '', memberCode = '' } = read;
  return { member: { instance: named, memberClass, memberCode }, steps };
}

/** The values a subject has for an attribute, in encoded order; empty ones are as good as none. */
function valuesOf(subject: DistinguishedName, attribute: string): string[] {
  const wanted = new Map<string, string>(Object.entries(attributeOids)).get(attribute) ?? attribute;
  return subject.attributes.flatMap(({ oid, value }) => (oid === wanted && value !== '' ? [value] : []));
}

/** Any value that fits shows the form: whether there may be several is for who reads the field. */
function isShown({ shownBy }: Form, form: number, subject: DistinguishedName, steps: Step[]): boolean {
  for (const condition of shownBy) {
    const seen = valuesOf(subject, condition.attribute);
    const isSo = seen.some((value) => fits(condition, value));
    const code = isSo ? 'form-shown' : 'form-not-shown';
    steps.push({ code, form, attribute: condition.attribute, seen: show(seen) });
    if (!isSo) return false;
  }
  if (shownBy.length === 0) steps.push({ code: 'form-shown', form });
  return true;
}

function need(condition: Condition, subject: DistinguishedName): Result {
  const only = onlyValue(subject, condition.attribute);
  if ('code' in only || fits(condition, only.value)) return only;
  return { code: 'value-differs' };
}

function fits({ equals, startsWith }: Omit<Condition, 'attribute'>, value: string): boolean {
  return (
    (equals === undefined || value === equals) && (startsWith === undefined || value.startsWith(startsWith))
  );
}

function onlyValue(subject: DistinguishedName, attribute: string): Result {
  const [value, ...more] = valuesOf(subject, attribute);
  if (value === undefined) return { code: 'attribute-missing' };
  return more.length > 0 ? { code: 'attribute-repeated' } : { value };
}

function readField(rule: Field, subject: DistinguishedName, instance: string): Result {
  if (rule.from === 'signer') return { value: instance };
  if (rule.from === 'constant') return { value: rule.value };
  const only = onlyValue(subject, rule.attribute);
  return 'code' in only ? only : take(rule, only.value);
}

function take({ after = '', split, shape, table }: Reading, whole: string): Result {
  if (!whole.startsWith(after) || whole.length === after.length) return { code: 'value-differs' };
  let value = whole.slice(after.length);
  if (split !== undefined) {
    // One more than wanted is enough to know that there are too many.
    const parts = value.split(split.separator, split.parts + 1);
    const part = parts[split.part - 1];
    if (parts.length !== split.parts || parts.includes('') || part === undefined) {
      return { code: 'parts-differ' };
    }
    value = part;
  }
  const { characters, minLength = 1, maxLength = Number.POSITIVE_INFINITY } = shape ?? {};
  if (value.length < minLength || value.length > maxLength) return { code: 'shape-differs' };
  if (characters !== undefined && !alphabets[characters].test(value)) return { code: 'shape-differs' };
  if (table === undefined) return { value };
  const row = table.find((one) => fits(one, value));
  return row === undefined ? { code: 'not-in-table' } : { value: row.gives };
}

const alphabets: Readonly<Record<Characters, RegExp>> = {
  digits: /^[0-9]+$/,
  letters: /^[A-Za-z]+$/,
  'letters-and-digits': /^[A-Za-z0-9]+$/,
};

function show(values: readonly string[]): string[] {
  return values.slice(0, shownCount).map((value) => value.slice(0, shownLength));
}

/** One step as a clause of a sentence, for refusals and logs. */
export function describeStep({ code, attribute = '', field, seen = [], form }: Step): string {
  const where = field === undefined ? attribute : `${field} from ${attribute}`;
  const having = seen.length === 0 ? '' : ` (it has ${seen.map((value) => `'${value}'`).join(', ')})`;
  switch (code) {
    case 'form-shown':
      return `it is written in form ${form}`;
    case 'form-not-shown':
      return `it is not written in form ${form}: ${attribute} does not show it${having}`;
    case 'holds':
      return `${attribute} is as form ${form} needs it`;
    case 'read':
      return `${where} is read`;
    case 'no-form':
      return 'it is written in none of its forms';
    case 'attribute-missing':
      return `it has no ${attribute}`;
    case 'attribute-repeated':
      return `it has more than one ${attribute}`;
    case 'value-differs':
      return `${where} is not what form ${form} demands${having}`;
    case 'parts-differ':
      return `${where} has not the parts that form ${form} demands${having}`;
    case 'shape-differs':
      return `${where} has not the characters or length that form ${form} demands${having}`;
    case 'not-in-table':
      return `${where} is in no row of the table of form ${form}${having}`;
  }
}
