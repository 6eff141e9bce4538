import {
  Field,
  Form,
  type FormProblem,
  Notice,
  type PageContent,
  type Pages,
  Section,
  SelectField,
  seeOther,
  submit,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import type { Key, Token } from '../tokens/index.ts';
import { addRequestPages } from './request-page.tsx';
import { WizardSteps } from './steps.tsx';
import { textsOf } from './texts.ts';

const specs = {
  'P-256': { type: 'ec', curve: 'P-256' },
  'P-384': { type: 'ec', curve: 'P-384' },
  'RSA 2048': { type: 'rsa', bits: 2048 },
  'RSA 3072': { type: 'rsa', bits: 3072 },
  'RSA 4096': { type: 'rsa', bits: 4096 },
} as const;
type SpecName = keyof typeof specs;

/** From a token to a request for a certificate: the key, whose and what for, the authority, what the request says. */
export function addWizardPages(pages: Pages): void {
  pages.get('/keys/new', (visit) => newPage(visit, {}, []));
  pages.post('/keys/new', (visit, form) =>
    submit(form, {
      fields: ['use', 'tokenId', 'label', 'spec'],
      act: async ({ use = '', tokenId, label, spec = '' }) => {
        const chosen = Object.hasOwn(specs, spec) ? specs[spec as SpecName] : undefined;
        const key = await visit.api.send<Key>('POST', '/api/v1/keys', { tokenId, label, spec: chosen });
        return seeOther(`/keys/${encodeURIComponent(key.id)}/request?use=${encodeURIComponent(use)}`);
      },
      again: (values, problems) => newPage(visit, values, problems),
    }),
  );
  addRequestPages(pages);
}

async function newPage(visit: Visit, values: Values, problems: readonly FormProblem[]): Promise<PageContent> {
  const t = textsOf(visit);
  const tokens = (await visit.api.get<readonly Token[]>('/api/v1/tokens')).filter(
    ({ id, state }) => id !== undefined && state === 'signed-in',
  );
  const wanted = visit.url.searchParams;
  const shown: Values = {
    tokenId: wanted.get('token') ?? undefined,
    use: wanted.get('use') ?? undefined,
    ...values,
  };
  const shared = { values: shown, problems };
  return {
    title: t.newKey,
    crumbs: [{ href: '/keys', text: t.keys }],
    body: (
      <>
        <WizardSteps visit={visit} at={0} />
        {tokens.length === 0 && <Notice kind="warning">{t.noToken}</Notice>}
        <Section title={t.steps.key}>
          <Form action="/keys/new" submit={t.make} cancel="/keys" problems={problems}>
            <SelectField
              name="use"
              label={t.use}
              hint={t.useHint}
              choices={(['signing', 'authentication'] as const).map((value) => ({
                value,
                text: t.forUse[value],
              }))}
              {...shared}
            />
            <SelectField
              name="tokenId"
              label={t.token}
              hint={t.tokenHint}
              choices={tokens.map(({ id = '', label = '' }) => ({ value: id, text: label }))}
              {...shared}
            />
            <Field name="label" label={t.label} hint={t.labelHint} maxLength={200} {...shared} />
            <SelectField
              name="spec"
              label={t.spec}
              hint={t.specHint}
              choices={Object.keys(specs).map((value) => ({ value, text: value }))}
              {...shared}
            />
          </Form>
        </Section>
      </>
    ),
  };
}
