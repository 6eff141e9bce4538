import {
  addConfirmedAct,
  apiPath,
  type Column,
  DataTable,
  etagOf,
  Field,
  Form,
  type FormProblem,
  type Pages,
  Section,
  seeOther,
  submit,
  type Values,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { mayEdit } from '../clients/index.ts';
import { type Endpoint, endpointName, type OpenApi, type Service, servicePath } from './answers.ts';
import { serviceCrumbs } from './crumbs.ts';
import { textsOf } from './texts.ts';

const apiOf = ({ param }: Visit) => apiPath`/api/v1/clients/${param('client')}/services/${param('service')}`;
const pathOf = ({ param }: Visit) => servicePath(param('client'), param('service'));
const isSame = (a: Endpoint, b: Endpoint) => a.method === b.method && a.path === b.path;

/** Endpoints that are set by hand. */
export function addEndpointPages(pages: Pages): void {
  pages.get('/clients/:client/services/:service/add-endpoint', (visit) =>
    addPage(visit, { method: 'GET' }, []),
  );
  pages.post('/clients/:client/services/:service/add-endpoint', (visit, form) =>
    submit(form, {
      fields: ['method', 'path'],
      act: async ({ method = '', path = '' }) => {
        const { serviceCode: _code, ...service } = await visit.api.get<Service>(apiOf(visit));
        const endpoints = [...service.endpoints, { method: method.toUpperCase(), path }];
        await visit.api.send('PUT', apiOf(visit), { ...service, endpoints }, etagOf(form));
        return seeOther(`${pathOf(visit)}?done=saved`);
      },
      again: (values, problems) => addPage(visit, values, problems),
    }),
  );
  addConfirmedAct(pages, {
    path: '/clients/:client/services/:service/remove-endpoint/:method/:path',
    describe: (visit) => {
      const name = endpointName({ method: visit.param('method'), path: visit.param('path') });
      return {
        title: `${visit.texts.remove}: ${name}`,
        submit: visit.texts.remove,
        crumbs: serviceCrumbs(visit),
        cancel: pathOf(visit),
        happens: [textsOf(visit).removeEndpointHappens(name)],
      };
    },
    act: async (visit) => {
      const gone = { method: visit.param('method'), path: visit.param('path') };
      const { value, etag } = await visit.api.getTagged<Service>(apiOf(visit));
      const { serviceCode: _code, ...service } = value;
      const endpoints = service.endpoints.filter((one) => !isSame(one, gone));
      await visit.api.send('PUT', apiOf(visit), { ...service, endpoints }, etag);
      return `${pathOf(visit)}?done=saved`;
    },
  });
}

/** The endpoints of a service; a file in place of it when the visitor takes them away. */
export function EndpointSection({
  visit,
  service,
  description,
}: {
  readonly visit: Visit;
  readonly service: Service;
  readonly description: OpenApi | undefined;
}) {
  const t = textsOf(visit);
  const isDescribed = (endpoint: Endpoint) =>
    description?.endpoints.some((one) => isSame(one, endpoint)) === true;
  const columns: readonly Column<Endpoint>[] = [
    {
      key: 'endpoint',
      heading: t.endpoint,
      text: endpointName,
      show: (endpoint) => <code>{endpointName(endpoint)}</code>,
    },
    {
      key: 'source',
      heading: t.source,
      text: (endpoint) => (isDescribed(endpoint) ? t.fromDescription : t.byHand),
    },
    {
      key: 'act',
      heading: '',
      text: () => '',
      show: (endpoint) =>
        mayEdit(visit) &&
        !isDescribed(endpoint) && (
          <a
            class="ds-link"
            href={`${pathOf(visit)}/remove-endpoint/${encodeURIComponent(endpoint.method)}/${encodeURIComponent(endpoint.path)}`}
            aria-label={`${visit.texts.remove}: ${endpointName(endpoint)}`}
          >
            {visit.texts.remove}
          </a>
        ),
    },
  ];
  const view = viewTable(visit, {
    name: 'endpoints',
    caption: t.endpoints,
    columns,
    rows: service.endpoints,
  });
  if (view instanceof Response) return view;
  return (
    <Section title={t.endpoints} lead={t.endpointsLead}>
      <DataTable view={view} empty={{ title: t.noEndpoints }} />
      {mayEdit(visit) && (
        <p>
          <a class="ds-link" href={`${pathOf(visit)}/add-endpoint`}>
            {t.addEndpoint}
          </a>
        </p>
      )}
    </Section>
  );
}

async function addPage(visit: Visit, values: Values, problems: readonly FormProblem[]) {
  const t = textsOf(visit);
  const { etag } = await visit.api.getTagged<Service>(apiOf(visit));
  const common = { values, problems };
  return {
    title: t.addEndpoint,
    lead: t.addEndpointLead,
    crumbs: serviceCrumbs(visit),
    body: (
      <Form
        action={`${pathOf(visit)}/add-endpoint`}
        submit={t.addEndpoint}
        problems={problems}
        cancel={pathOf(visit)}
        etag={etag}
      >
        <Field name="method" label={t.method} hint={t.methodHint} {...common} maxLength={20} isCode />
        <Field name="path" label={t.path} hint={t.pathHint} {...common} maxLength={1_000} isCode />
      </Form>
    ),
  };
}
