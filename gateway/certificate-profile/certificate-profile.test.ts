import { describe, expect, it } from 'vitest';
import { asSequence, readDer, sequence } from '../../certs/der/index.ts';
import { buildName, type DistinguishedName } from '../../certs/x509/index.ts';
import { certificateProfileSchema } from './definition.ts';
import { describeStep, readMember } from './index.ts';
import { shippedProfiles } from './shipped.ts';

const subject = (attribute: string, more: object = {}) => ({ from: 'subject', attribute, ...more });
const whole = { instance: { from: 'signer' }, memberClass: subject('OU'), memberCode: subject('CN') };
const written = (form: object) => ({
  name: 'own',
  description: '',
  forms: [{ shownBy: [], ...whole, ...form }],
});

/** Pointers to what is wrong with a definition. */
function wrong(definition: unknown): string[] {
  const { error } = certificateProfileSchema.safeParse(definition);
  return (error?.issues ?? []).map(({ path }) => path.join('/'));
}

/** What a form reads, or the code of the step that failed. */
function read(form: object, name: DistinguishedName) {
  const { member, steps } = readMember(certificateProfileSchema.parse(written(form)), name, 'CTX');
  return member === undefined ? steps.at(-1)?.code : Object.values(member).join('/');
}

describe('a certificate profile', () => {
  it('of those shipped is data that could have come from outside', () => {
    for (const profile of shippedProfiles) {
      expect(certificateProfileSchema.parse(JSON.parse(JSON.stringify(profile)))).toEqual(profile);
    }
  });

  it.each<[string, object, string[]]>([
    ['an attribute nobody has', { memberCode: subject('toString') }, ['forms/0/memberCode/attribute']],
    ['an OID that is none', { memberCode: subject('2.5.4.') }, ['forms/0/memberCode/attribute']],
    ['a step it does not know', { memberCode: subject('CN', { pattern: '(a+)+$' }) }, ['forms/0/memberCode']],
    ['a place to read that is none', { memberCode: { from: 'environment' } }, ['forms/0/memberCode/from']],
    ['a class of whoever signs', { memberClass: { from: 'signer' } }, ['forms/0/memberClass/from']],
    ['no place for the code', { memberCode: undefined }, ['forms/0/memberCode']],
    [
      'a part beyond the last',
      { memberCode: subject('CN', { split: { separator: '/', parts: 2, part: 3 } }) },
      ['forms/0/memberCode/split/part'],
    ],
    [
      'an empty separator',
      { memberCode: subject('CN', { split: { separator: '', parts: 2, part: 1 } }) },
      ['forms/0/memberCode/split/separator'],
    ],
    [
      'a row that always fits',
      { memberClass: subject('OU', { table: [{ gives: 'GOV' }] }) },
      ['forms/0/memberClass/table/0'],
    ],
    [
      'lengths the wrong way round',
      { memberCode: subject('CN', { shape: { minLength: 3, maxLength: 2 } }) },
      ['forms/0/memberCode/shape/maxLength'],
    ],
    [
      'more conditions than anybody needs',
      { shownBy: Array(11).fill({ attribute: 'O' }) },
      ['forms/0/shownBy'],
    ],
    [
      'a constant of a million letters',
      { memberClass: { from: 'constant', value: 'x'.repeat(1e6) } },
      ['forms/0/memberClass/value'],
    ],
  ])('with %s is refused at its place', (_what, form, pointers) => {
    expect(wrong(written(form))).toEqual(pointers);
  });

  it('needs a form, and a name that is not that of a class', () => {
    expect(wrong({ ...written({}), forms: [] })).toEqual(['forms']);
    expect(wrong({ ...written({}), forms: Array(21).fill(written({}).forms[0]) })).toEqual(['forms']);
    for (const name of ['', 'a.b', '../x', '1a', 'a b', 'x'.repeat(101)]) {
      expect(wrong({ ...written({}), name })).toEqual(['name']);
    }
    expect(wrong('[')).toEqual(['']);
  });

  const server = buildName({ CN: 'org-GOV-12', OU: 'public', O: 'Name' });
  it.each<[string, object, string]>([
    ['after', { memberCode: subject('CN', { after: 'org-' }) }, 'CTX/public/GOV-12'],
    ['after, when nothing follows', { memberCode: subject('CN', { after: 'org-GOV-12' }) }, 'value-differs'],
    ['after, when it begins otherwise', { memberCode: subject('CN', { after: 'ORG-' }) }, 'value-differs'],
    [
      'split',
      { memberCode: subject('CN', { split: { separator: '-', parts: 3, part: 3 } }) },
      'CTX/public/12',
    ],
    [
      'split into fewer',
      { memberCode: subject('CN', { split: { separator: '-', parts: 2, part: 1 } }) },
      'parts-differ',
    ],
    [
      'split into more',
      { memberCode: subject('CN', { split: { separator: '-', parts: 4, part: 1 } }) },
      'parts-differ',
    ],
    [
      'after, split and shape in this order',
      {
        memberCode: subject('CN', {
          after: 'org-',
          split: { separator: '-', parts: 2, part: 2 },
          shape: { characters: 'digits', minLength: 2, maxLength: 2 },
        }),
      },
      'CTX/public/12',
    ],
    [
      'shape of characters',
      { memberCode: subject('CN', { shape: { characters: 'letters' } }) },
      'shape-differs',
    ],
    ['shape of length', { memberCode: subject('CN', { shape: { maxLength: 9 } }) }, 'shape-differs'],
    [
      'table by value',
      {
        memberClass: subject('OU', {
          table: [
            { equals: 'pub', gives: 'A' },
            { equals: 'public', gives: 'B' },
          ],
        }),
      },
      'CTX/B/org-GOV-12',
    ],
    [
      'table by beginning',
      { memberClass: subject('OU', { table: [{ startsWith: 'pub', gives: 'A' }] }) },
      'CTX/A/org-GOV-12',
    ],
    [
      'table without a row',
      { memberClass: subject('OU', { table: [{ equals: 'x', gives: 'A' }] }) },
      'not-in-table',
    ],
    ['an attribute by OID', { memberCode: subject('2.5.4.10') }, 'CTX/public/Name'],
    ['an attribute that is not there', { memberCode: subject('C') }, 'attribute-missing'],
    ['a form that does not show', { shownBy: [{ attribute: 'O', equals: 'name' }] }, 'no-form'],
    ['a need that is not met', { needs: [{ attribute: 'O', startsWith: 'n' }] }, 'value-differs'],
  ])('reads by %s', (_what, form, expected) => {
    expect(read(form, server)).toBe(expected);
  });

  it('says each step, with what it saw', () => {
    const name = 'FiVRKCertificateProfileInfoProvider';
    const profile = shippedProfiles.find((one) => one.name === name);
    const { steps, member } = readMember(
      profile ?? { forms: [] },
      buildName({ C: 'FI', O: 'FI-TEST', OU: 'GOV', CN: '1' }),
      'CTX',
    );
    expect(member).toEqual({ instance: 'FI-TEST', memberClass: 'GOV', memberCode: '1' });
    expect(steps).toEqual([
      { code: 'form-not-shown', form: 1, attribute: 'serialNumber', seen: [] },
      { code: 'form-shown', form: 2, attribute: 'OU', seen: ['GOV'] },
      { code: 'holds', form: 2, attribute: 'C', seen: ['FI'] },
      { code: 'read', form: 2, field: 'instance', attribute: 'O', seen: ['FI-TEST'], value: 'FI-TEST' },
      { code: 'read', form: 2, field: 'memberClass', attribute: 'OU', seen: ['GOV'], value: 'GOV' },
      { code: 'read', form: 2, field: 'memberCode', attribute: 'CN', seen: ['1'], value: '1' },
    ]);
    expect(steps.map(describeStep).every((text) => text.length > 0)).toBe(true);
  });

  it('takes neither of two values, whichever of them shows the form', () => {
    const rdns = ['NTREE-1', 'GO:EE-2'].flatMap((organizationIdentifier) =>
      asSequence(readDer(buildName({ organizationIdentifier }).der)),
    );
    const first = buildName({ organizationIdentifier: 'NTREE-1' });
    const name: DistinguishedName = {
      ...first,
      der: sequence(...rdns.map(({ raw }) => raw)),
      attributes: [...first.attributes, ...buildName({ organizationIdentifier: 'GO:EE-2' }).attributes],
    };
    const profile = shippedProfiles.find((one) => one.name.startsWith('SkKlass3'));
    const outcome = readMember(profile ?? { forms: [] }, name, 'CTX');
    expect(outcome.member).toBeUndefined();
    expect(outcome.steps.at(-1)?.code).toBe('attribute-repeated');
  });

  it('is read in a time that grows with the subject alone', () => {
    const long = 'a'.repeat(200_000);
    const form = {
      ...{ shownBy: Array(10).fill({ attribute: 'CN', startsWith: 'a'.repeat(255) }) },
      memberCode: subject('CN', {
        split: { separator: 'aaaaaaaa', parts: 20, part: 20 },
        shape: { characters: 'letters' },
        table: Array(100).fill({ startsWith: `${'a'.repeat(254)}b`, gives: 'x' }),
      }),
    };
    const name = buildName({ CN: `${long}!`, OU: 'x' });
    const begun = performance.now();
    for (let count = 0; count < 50; count++) expect(read(form, name)).toBe('parts-differ');
    expect(performance.now() - begun).toBeLessThan(2_000);
    const steps = readMember(certificateProfileSchema.parse(written(form)), name, 'CTX').steps;
    expect(JSON.stringify(steps).length).toBeLessThan(10_000);
  });
});
