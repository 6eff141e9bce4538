import {
  type Column,
  DataTable,
  Field,
  Form,
  type FormProblem,
  Instant,
  LinkButton,
  Notice,
  type PageContent,
  type Pages,
  readAll,
  Section,
  SelectField,
  seeOther,
  submit,
  Tag,
  type TagColor,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { type Provider, type Service, type Status, servicePagePath } from './answers.ts';
import { addServicePage } from './service.tsx';
import { textsOf } from './texts.ts';

/** Services on one page: more than anybody reads, and fewer than take long to draw. */
const pageSize = 500;

/** What may be called: services of all members, one of them, and who was asked. */
export function addCataloguePages(pages: Pages): void {
  pages.get('/catalogue', list);
  pages.get('/catalogue/providers', providers);
  pages.get('/catalogue/gather', (visit) => gatherPage(visit, {}, []));
  pages.post('/catalogue/gather', (visit, form) =>
    submit(form, {
      fields: ['client', 'provider'],
      act: async ({ client = '', provider = '' }) => {
        const order = { ...(client !== '' && { client }), ...(provider !== '' && { provider }) };
        await visit.api.send('POST', '/api/v1/catalogue/gatherings', order);
        return seeOther(`/catalogue?${new URLSearchParams({ ...order, done: 'asked' })}`);
      },
      again: (values, problems) => gatherPage(visit, values, problems),
    }),
  );
  addServicePage(pages);
}

async function list(visit: Visit): Promise<PageContent | Response> {
  const t = textsOf(visit);
  const asked = (name: string) => visit.url.searchParams.get(name)?.trim().slice(0, 2_000) ?? '';
  const status = await visit.api.get<Status>('/api/v1/catalogue/status');
  const client = asked('client') || (status.client ?? '');
  const values = { q: asked('q').slice(0, 200), provider: asked('provider'), client };
  const query = new URLSearchParams({
    ...Object.fromEntries(Object.entries(values).filter(([, value]) => value !== '')),
    limit: String(pageSize),
  });
  const cursor = asked('cursor');
  if (cursor !== '') query.set('cursor', cursor);
  const { items, next } = await visit.api.list<Service>(`/api/v1/catalogue?${query}`);
  const view = viewTable(visit, {
    ...{ name: 'services', caption: t.services, rows: items },
    columns: serviceColumns(visit, client),
  });
  if (view instanceof Response) return view;
  const mayAsk = visit.session?.roles.includes('service-administrator') === true;
  const further = next === undefined ? undefined : new URLSearchParams({ ...values, cursor: next });
  return {
    title: t.title,
    lead: t.lead,
    ...(visit.url.searchParams.get('done') === 'asked' && { done: t.asked }),
    ...(mayAsk && {
      act: <LinkButton href={`/catalogue/gather?${new URLSearchParams(values)}`} text={t.ask} />,
    }),
    body: (
      <div class="wg-sections">
        <Form action="/catalogue" submit={t.find} isQuestion>
          <Field name="q" label={t.search} hint={t.searchHint} values={values} maxLength={200} isOptional />
          <SelectField
            name="client"
            label={t.client}
            hint={t.clientHint}
            values={values}
            choices={await clientChoices(visit)}
            isOptional
          />
          <Field
            name="provider"
            label={t.provider}
            hint={t.providerHint}
            values={values}
            maxLength={2_000}
            isCode
            isOptional
          />
        </Form>
        <GatheringState visit={visit} status={status} />
        <DataTable view={view} empty={{ title: t.nothing, text: t.nothingText }} />
        <div class="wg-buttons">
          {further !== undefined && <LinkButton href={`/catalogue?${further}`} text={t.further} isQuiet />}
          <LinkButton href="/catalogue/providers" text={t.providers} isQuiet />
        </div>
      </div>
    ),
  };
}

function GatheringState({ visit, status }: { readonly visit: Visit; readonly status: Status }) {
  const t = textsOf(visit);
  const { waiting, intervalHours, endedAt } = status;
  return (
    <div id="gathering" data-live={waiting === 0 ? undefined : '3'}>
      {waiting > 0 && <Notice kind="info">{t.waiting(waiting)}</Notice>}
      <p class="wg-hint">
        {intervalHours === 0 ? t.onlyOrdered : t.everyHours(intervalHours)}
        {endedAt !== undefined && (
          <>
            {' '}
            {t.lastAsked} <Instant at={endedAt} />
          </>
        )}
      </p>
    </div>
  );
}

const colors: Readonly<Record<Service['mayCall'], TagColor>> = {
  yes: 'success',
  some: 'info',
  no: 'neutral',
  unknown: 'warning',
};

function serviceColumns(visit: Visit, client: string): readonly Column<Service>[] {
  const t = textsOf(visit);
  return [
    {
      ...{
        key: 'service',
        heading: t.service,
        text: ({ title, id }) => (title === undefined ? id : `${title} ${id}`),
      },
      show: ({ id, title, serviceCode, serviceVersion }) => (
        <>
          <a class="ds-link" href={servicePagePath(id, client)}>
            {title ?? [serviceCode, serviceVersion].filter(Boolean).join(' ')}
          </a>
          <br />
          <code>{id}</code>
        </>
      ),
    },
    { key: 'provider', heading: t.offeredBy, text: ({ provider }) => providerName(provider) },
    { key: 'kind', heading: t.kind, text: ({ kind }) => t.kinds[kind] },
    {
      ...{ key: 'mayCall', heading: t.mayCall, text: ({ mayCall }) => t.mayCalls[mayCall] },
      show: ({ mayCall }) => <Tag text={t.mayCalls[mayCall]} color={colors[mayCall]} />,
    },
    {
      ...{ key: 'state', heading: t.state, text: ({ provider }) => stateText(visit, provider) },
      show: ({ provider }) => <ProviderState visit={visit} provider={provider} />,
    },
  ];
}

function providerName({ memberName, name }: Provider): string {
  return [name, memberName].filter((one) => one !== undefined && one !== '').join(', ');
}

function stateText(visit: Visit, { error, gatheredAt }: Provider): string {
  const t = textsOf(visit);
  if (error !== undefined) return `${t.silent} ${error.code}`;
  return gatheredAt === undefined ? t.neverAsked : `${t.told} ${gatheredAt}`;
}

function ProviderState({ visit, provider }: { readonly visit: Visit; readonly provider: Provider }) {
  const t = textsOf(visit);
  const { error, gatheredAt, triedAt } = provider;
  return (
    <>
      {error !== undefined && (
        <>
          <Tag text={t.silent} color="danger" /> <code>{error.code}</code> <span lang="en">{error.text}</span>{' '}
          {triedAt !== undefined && <Instant at={triedAt} />}
          <br />
        </>
      )}
      {gatheredAt === undefined ? (
        t.neverAsked
      ) : (
        <>
          {t.told} <Instant at={gatheredAt} />
        </>
      )}
    </>
  );
}

async function providers(visit: Visit): Promise<PageContent | Response> {
  const t = textsOf(visit);
  const rows = await readAll<Provider>(visit.api, '/api/v1/catalogue/providers');
  const columns: readonly Column<Provider>[] = [
    {
      ...{ key: 'provider', heading: t.provider, text: (row) => row.id },
      show: (row) => (
        <a class="ds-link" href={`/catalogue?${new URLSearchParams({ provider: row.id })}`}>
          {row.id}
        </a>
      ),
    },
    { key: 'name', heading: t.name, text: providerName },
    { key: 'count', heading: t.services, text: (row) => String(row.serviceCount) },
    {
      ...{ key: 'state', heading: t.state, text: (row) => stateText(visit, row) },
      show: (row) => <ProviderState visit={visit} provider={row} />,
    },
  ];
  const view = viewTable(visit, { name: 'providers', caption: t.providers, columns, rows });
  if (view instanceof Response) return view;
  return {
    title: t.providers,
    lead: t.providersLead,
    crumbs: [{ href: '/catalogue', text: t.title }],
    body: <DataTable view={view} empty={{ title: t.noProviders, text: t.nothingText }} />,
  };
}

async function clientChoices(visit: Visit) {
  const all = await readAll<{ readonly id: string; readonly status: string }>(visit.api, '/api/v1/clients');
  return all.filter(({ status }) => status === 'registered').map(({ id }) => ({ value: id, text: id }));
}

async function gatherPage(
  visit: Visit,
  given: Readonly<Record<string, string | undefined>>,
  problems: readonly FormProblem[],
): Promise<PageContent> {
  const t = textsOf(visit);
  const asked = (name: string) => given[name] ?? visit.url.searchParams.get(name)?.slice(0, 2_000);
  const values = { client: asked('client'), provider: asked('provider') };
  return {
    title: t.ask,
    lead: t.askLead,
    crumbs: [{ href: '/catalogue', text: t.title }],
    body: (
      <Section title={t.askHappens} lead={t.askCosts}>
        <Form action="/catalogue/gather" submit={t.askNow} problems={problems} cancel="/catalogue">
          <SelectField
            name="client"
            label={t.client}
            hint={t.askClientHint}
            values={values}
            problems={problems}
            choices={await clientChoices(visit)}
          />
          <Field
            name="provider"
            label={t.provider}
            hint={t.askProviderHint}
            values={values}
            problems={problems}
            maxLength={2_000}
            isCode
            isOptional
          />
        </Form>
      </Section>
    ),
  };
}
