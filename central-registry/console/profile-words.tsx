import type { CertificateProfile } from '../../gateway/certificate-profile/index.ts';
import { Facts, Section, type Visit } from '../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

type Form = CertificateProfile['forms'][number];
type Field = Form['instance'];
type Condition = Form['shownBy'][number];

/** What a profile does, in words: form by form, in the order in which they are tried. */
export function ProfileInWords({ visit, forms }: { readonly visit: Visit; readonly forms: readonly Form[] }) {
  const t = textsOf(visit).profiles;
  const all = (conditions: readonly Condition[]) => conditions.map((one) => condition(visit, one)).join(', ');
  return (
    <>
      {forms.map(({ shownBy, needs = [], ...fields }, index) => (
        <Section title={t.form(index + 1)}>
          <Facts
            rows={[
              [t.shownBy, all(shownBy) || (index === 0 ? t.always : t.otherwise)],
              [t.needs, all(needs)],
              [t.instance, field(visit, fields.instance)],
              [t.memberClass, field(visit, fields.memberClass)],
              [t.memberCode, field(visit, fields.memberCode)],
            ]}
          />
        </Section>
      ))}
    </>
  );
}

function condition(visit: Visit, { attribute, equals, startsWith }: Condition): string {
  const t = textsOf(visit).profiles;
  const parts = [
    ...(equals === undefined ? [] : [t.equals(attribute, equals)]),
    ...(startsWith === undefined ? [] : [t.startsWith(attribute, startsWith)]),
  ];
  return parts.length === 0 ? t.isThere(attribute) : parts.join(', ');
}

function field(visit: Visit, rule: Field): string {
  const t = textsOf(visit).profiles;
  if (rule.from === 'signer') return t.fromSigner;
  if (rule.from === 'constant') return t.constant(rule.value);
  const { attribute, after, split, shape, table } = rule;
  const rows = table?.map(({ equals, startsWith, gives }) => `${equals ?? `${startsWith}…`} → ${gives}`);
  const { characters, minLength, maxLength } = shape ?? {};
  return [
    attribute,
    ...(after === undefined ? [] : [t.after(after)]),
    ...(split === undefined ? [] : [t.part(split.part, split.parts, split.separator)]),
    ...(characters === undefined ? [] : [t.characters[characters]]),
    ...(minLength === undefined && maxLength === undefined
      ? []
      : [t.length(minLength ?? 1, maxLength ?? 255)]),
    ...(rows === undefined ? [] : [t.table(rows.join(', '))]),
  ].join(', ');
}
