import {
  CheckboxField,
  etagOf,
  Field,
  Form,
  type FormProblem,
  type PageContent,
  type Pages,
  Section,
  SelectField,
  seeOther,
  submit,
  type Values,
  type Visit,
} from '../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

type Settings = Readonly<Record<string, string | number | boolean | undefined>>;
type Automatic = Readonly<Record<(typeof kinds)[number], boolean>>;

const automaticPath = '/api/v1/management-requests/automatic-approval';
const kinds = ['authCertReg', 'clientReg', 'ownerChange'] as const;
const numbers = [
  ...['ocspFreshnessSeconds', 'timeStampingIntervalSeconds', 'validitySeconds', 'ocspFetchIntervalSeconds'],
];
const texts = ['address', 'managementServiceProvider', 'managementServiceAddress', 'monitoringClient'];

/** What holds for every server, and what is decided without hands. */
export function addSettingsPages(pages: Pages): void {
  pages.get('/settings', (visit) => settingsPage(visit, []));
  pages.post('/settings', (visit, form) =>
    submit(form, {
      fields: [...texts, ...numbers, 'verifyNextUpdate'],
      act: async ({ verifyNextUpdate = '', ...values }) => {
        // Settings that the form does not show stay as they are.
        const former = await visit.api.get<Settings>('/api/v1/settings');
        const changed = Object.entries(values).map(([name, value]) => [
          name,
          value === '' ? undefined : numbers.includes(name) ? Number(value) : value,
        ]);
        const body = {
          ...former,
          ...Object.fromEntries(changed),
          verifyNextUpdate: verifyNextUpdate === '' ? undefined : verifyNextUpdate === 'true',
        };
        await visit.api.send('PUT', '/api/v1/settings', body, etagOf(form));
        return seeOther('/settings?done=saved');
      },
      again: (values, problems) => settingsPage(visit, problems, values),
    }),
  );
  pages.post('/settings/automatic-approval', async (visit, form) => {
    const chosen = form.getAll('automatic');
    const body = Object.fromEntries(kinds.map((kind) => [kind, chosen.includes(kind)]));
    await visit.api.send('PUT', automaticPath, body, etagOf(form));
    return seeOther('/settings?done=saved');
  });
}

async function settingsPage(
  visit: Visit,
  problems: readonly FormProblem[],
  typed?: Values,
): Promise<PageContent> {
  const t = textsOf(visit);
  const [{ value: settings, etag }, { value: automatic, etag: automaticEtag }] = await Promise.all([
    visit.api.getTagged<Settings>('/api/v1/settings'),
    visit.api.getTagged<Automatic>(automaticPath),
  ]);
  const stored = Object.entries(settings).map(([name, value]) => [
    name,
    value === undefined ? '' : String(value),
  ]);
  const shared = { values: typed ?? (Object.fromEntries(stored) as Values), problems };
  return {
    title: t.settings,
    lead: t.settingsLead,
    ...(visit.url.searchParams.get('done') === 'saved' && { done: t.settingsSaved }),
    body: (
      <>
        <Section title={t.settings}>
          <Form action="/settings" submit={visit.texts.save} problems={problems} etag={etag}>
            <Field name="address" label={t.address} hint={t.addressHint} {...shared} />
            <Field
              name="ocspFreshnessSeconds"
              label={t.ocspFreshness}
              hint={t.ocspFreshnessHint}
              type="number"
              {...shared}
            />
            <Field
              name="timeStampingIntervalSeconds"
              label={t.timestampInterval}
              hint={t.timestampIntervalHint}
              type="number"
              {...shared}
            />
            <Field
              name="validitySeconds"
              label={t.validity}
              hint={t.validityHint}
              type="number"
              {...shared}
            />
            <Field
              name="ocspFetchIntervalSeconds"
              label={t.ocspFetchInterval}
              hint={t.ocspFetchIntervalHint}
              type="number"
              isOptional
              {...shared}
            />
            <SelectField
              name="verifyNextUpdate"
              label={t.verifyNextUpdate}
              hint={t.verifyNextUpdateHint}
              choices={Object.entries(t.verifyNextUpdates).map(([value, text]) => ({ value, text }))}
              isOptional
              {...shared}
            />
            <Field
              name="managementServiceProvider"
              label={t.managementProvider}
              hint={t.identifierHint}
              isOptional
              isCode
              {...shared}
            />
            <Field
              name="managementServiceAddress"
              label={t.managementAddress}
              isOptional
              isCode
              {...shared}
            />
            <Field
              name="monitoringClient"
              label={t.monitoringClient}
              hint={t.monitoringClientHint}
              isOptional
              isCode
              {...shared}
            />
          </Form>
        </Section>
        <Section title={t.automatic} lead={t.automaticLead}>
          <Form action="/settings/automatic-approval" submit={visit.texts.save} etag={automaticEtag}>
            <CheckboxField
              name="automatic"
              label={t.automatic}
              choices={kinds.map((value) => ({ value, text: t.kinds[value] ?? value }))}
              chosen={kinds.filter((kind) => automatic[kind])}
            />
          </Form>
        </Section>
      </>
    ),
  };
}
