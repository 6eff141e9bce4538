import {
  apiPath,
  Field,
  Form,
  type FormProblem,
  LinkButton,
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
import { keyPath, WizardSteps } from './steps.tsx';
import { textsOf } from './texts.ts';

interface Service {
  readonly name: string;
  readonly uses: readonly string[];
  readonly takesOrders: boolean;
}

interface Proposal {
  readonly subject: Readonly<Record<string, string>>;
  readonly subjectAltNames: readonly string[];
  readonly format: string;
}

const attributes = [
  'C',
  'O',
  'OU',
  'organizationIdentifier',
  'businessCategory',
  'serialNumber',
  'CN',
] as const;
const fields = ['use', 'service', 'member', 'address', ...attributes] as const;
type Use = 'signing' | 'authentication';
const useOf = (text: string | null | undefined): Use =>
  text === 'authentication' ? 'authentication' : 'signing';

/** For a key: which authority, and what the request to it says; a request to take there, or an order over ACME. */
export function addRequestPages(pages: Pages): void {
  for (const way of ['request', 'order'] as const) {
    pages.get(`/keys/:key/${way}`, async (visit) => {
      const asked = visit.url.searchParams;
      const service = asked.get('service');
      const use = useOf(asked.get('use'));
      if (service === null) return servicePage(visit, use);
      const member = asked.get('member') ?? '';
      const address = asked.get('address') ?? '';
      return subjectPage(visit, way, await propose(visit, { use, service, member, address }), []);
    });
  }
  pages.post('/keys/:key/request', (visit, form) =>
    submit(form, {
      fields,
      act: async (values) => {
        await visit.api.send('POST', `${keyPath(visit)}/requests`, requestOf(values));
        return seeOther(`/keys/${encodeURIComponent(visit.param('key'))}?done=requested`);
      },
      again: (values, problems) => subjectPage(visit, 'request', values, problems),
    }),
  );
  pages.post('/keys/:key/order', (visit, form) =>
    submit(form, {
      fields,
      act: async (values) => {
        const { use, service, address = '' } = values;
        const order = { use, subject: subjectOf(values), address, authority: service };
        const path = `${keyPath(visit)}/orders`;
        const { state, detail, remedy } = await visit.api.send<Ordered>('POST', path, order);
        if (state === 'issued') {
          return seeOther(`/keys/${encodeURIComponent(visit.param('key'))}?done=ordered`);
        }
        const t = textsOf(visit);
        const text = [t.states[state] ?? state, detail, remedy ?? ''].join(' ').trim();
        return subjectPage(visit, 'order', values, state === 'failed' ? [{ name: '', text }] : [], text);
      },
      again: (values, problems) => subjectPage(visit, 'order', values, problems),
    }),
  );
}

interface Ordered {
  readonly state: 'under-way' | 'issued' | 'delayed' | 'failed';
  readonly detail: string;
  readonly remedy?: string;
}

const subjectOf = (values: Values) =>
  Object.fromEntries(
    attributes.flatMap((name) => {
      const value = values[name] ?? '';
      return value === '' ? [] : [[name, value] as const];
    }),
  );

function requestOf(values: Values) {
  const { use, service, member = '', address = '' } = values;
  return {
    ...{ use, service, subject: subjectOf(values) },
    ...(member !== '' && { member }),
    ...(address !== '' && { address }),
  };
}

/** What the form holds at first. */
async function propose(
  { api }: Visit,
  { use, service, member, address }: { use: Use; service: string; member: string; address: string },
): Promise<Values> {
  const query = new URLSearchParams({
    use,
    ...(member !== '' && { member }),
    ...(address !== '' && { address }),
  });
  const path = apiPath`/api/v1/certification-services/${service}/proposal`;
  const { subject, subjectAltNames } = await api.get<Proposal>(`${path}?${query}`);
  return { ...subject, use, service, member, address: address === '' ? subjectAltNames[0] : address };
}

async function servicePage(visit: Visit, use: Use): Promise<PageContent> {
  const t = textsOf(visit);
  const [services, members] = await Promise.all([readServices(visit, use), membersOf(visit)]);
  const back = `/keys/${encodeURIComponent(visit.param('key'))}`;
  return {
    ...{
      title: t.steps.service,
      crumbs: [
        { href: '/keys', text: t.keys },
        { href: back, text: t.steps.key },
      ],
    },
    body: (
      <>
        <WizardSteps visit={visit} at={1} />
        {services.length === 0 ? (
          <Notice kind="warning">{t.noService}</Notice>
        ) : (
          <form class="wg-form" method="get" action={`${back}/request`}>
            <input type="hidden" name="use" value={use} />
            <SelectField
              name="service"
              label={t.service}
              hint={t.serviceHint}
              choices={services.map(({ name }) => ({ value: name, text: name }))}
            />
            {use === 'signing' ? (
              <SelectField
                name="member"
                label={t.member}
                hint={t.memberHint}
                choices={members.map((value) => ({ value, text: value }))}
              />
            ) : (
              <Field name="address" label={t.address} hint={t.addressHint} maxLength={255} isOptional />
            )}
            <div class="wg-buttons">
              <button class="ds-button" type="submit">
                {t.choose}
              </button>
            </div>
          </form>
        )}
      </>
    ),
  };
}

async function readServices({ api }: Visit, use: Use): Promise<readonly Service[]> {
  const all = await api.get<readonly Service[]>('/api/v1/certification-services');
  return all.filter(({ uses }) => uses.includes(use));
}

/** The owner of the server, and those with clients here. */
async function membersOf({ api }: Visit): Promise<readonly string[]> {
  const [{ server }, clients] = await Promise.all([
    api.get<{ readonly server: string }>('/api/v1/status'),
    api.get<readonly { readonly id: string }[]>('/api/v1/clients'),
  ]);
  const all = [server, ...clients.map(({ id }) => id)].map((id) => id.split(':').slice(0, 3).join(':'));
  return [...new Set(all)];
}

async function subjectPage(
  visit: Visit,
  way: 'request' | 'order',
  values: Values,
  problems: readonly FormProblem[],
  told?: string,
): Promise<PageContent> {
  const t = textsOf(visit);
  const key = encodeURIComponent(visit.param('key'));
  const use = useOf(values['use']);
  const service = (await readServices(visit, use)).find(({ name }) => name === values['service']);
  const isEmpty = attributes.every((name) => (values[name] ?? '') === '');
  const shared = { values, problems };
  const given = (['use', 'service', 'member', 'address'] as const).map((name) => [name, values[name] ?? '']);
  const isOrder = way === 'order';
  return {
    title: isOrder ? t.order : t.steps.subject,
    crumbs: [
      { href: '/keys', text: t.keys },
      { href: `/keys/${key}`, text: t.steps.key },
    ],
    body: (
      <>
        <WizardSteps visit={visit} at={2} />
        {isEmpty && <Notice kind="warning">{t.byHand}</Notice>}
        {told !== undefined && problems.length === 0 && <Notice kind="info">{told}</Notice>}
        <p class="wg-hint">{isOrder ? t.orderLead : t.subjectLead}</p>
        <Form
          action={`/keys/${key}/${way}`}
          submit={isOrder ? (told === undefined ? t.order : t.askAgain) : t.makeRequest}
          cancel={`/keys/${key}`}
          problems={problems}
        >
          {(['use', 'service', 'member'] as const).map((name) => (
            <input type="hidden" name={name} value={values[name] ?? ''} />
          ))}
          {attributes.map((name) => (
            <Field name={name} label={t.attributes[name] ?? name} maxLength={200} isOptional {...shared} />
          ))}
          <Field
            name="address"
            label={t.address}
            hint={t.addressHint}
            maxLength={255}
            isOptional={!isOrder}
            {...shared}
          />
        </Form>
        {!isOrder && service?.takesOrders === true && (
          <Section title={t.order} lead={t.orderLead}>
            <LinkButton
              href={`/keys/${key}/order?${new URLSearchParams(given as [string, string][])}`}
              text={t.order}
              isQuiet
            />
          </Section>
        )}
      </>
    ),
  };
}
