import {
  apiPath,
  type Column,
  DataTable,
  Field,
  Form,
  type FormProblem,
  Instant,
  LinkButton,
  type PageContent,
  type Pages,
  Section,
  seeOther,
  submit,
  Tag,
  type Values,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { clientPath, crumbsOf, mayEdit } from '../clients/index.ts';
import { type Service, servicePath, servicesPath, versionedName, type Wsdl, wsdlPath } from './answers.ts';
import { addOpenApiPages } from './open-api.tsx';
import { addServicePage } from './service.tsx';
import { textsOf } from './texts.ts';
import { addWsdlPages } from './wsdl.tsx';

/** Services of a client: where they come from, how they are called, and whether they are switched on. */
export function addServicePages(pages: Pages): void {
  pages.get('/clients/:client/services', list);
  pages.get('/clients/:client/add-service', (visit) => addPage(visit, {}, []));
  pages.post('/clients/:client/add-service', (visit, form) =>
    submit(form, {
      fields: ['service', 'url'],
      act: async ({ service = '', url }) => {
        const client = visit.param('client');
        const settings = {
          kind: 'REST',
          timeoutSeconds: 60,
          verifyTls: true,
          certificates: [],
          endpoints: [],
        };
        await visit.api.send('PUT', apiPath`/api/v1/clients/${client}/services/${service}`, {
          ...settings,
          url,
        });
        return seeOther(`${servicePath(client, service)}?done=added`);
      },
      again: (values, problems) => addPage(visit, values, problems),
    }),
  );
  addOpenApiPages(pages);
  addWsdlPages(pages);
  addServicePage(pages);
}

async function list(visit: Visit) {
  const t = textsOf(visit);
  const client = visit.param('client');
  const [services, wsdls] = await Promise.all([
    visit.api.get<readonly Service[]>(apiPath`/api/v1/clients/${client}/services`),
    visit.api.get<readonly Wsdl[]>(apiPath`/api/v1/clients/${client}/service-descriptions`),
  ]);
  const view = viewTable(visit, {
    ...{ name: 'services', caption: t.services, columns: serviceColumns(visit, wsdls), rows: services },
  });
  if (view instanceof Response) return view;
  const descriptions = viewTable(visit, {
    ...{ name: 'wsdls', caption: t.wsdls, columns: wsdlColumns(visit), rows: wsdls },
  });
  if (descriptions instanceof Response) return descriptions;
  const path = clientPath(client);
  return {
    title: t.services,
    lead: t.servicesLead,
    crumbs: crumbsOf(visit),
    ...(visit.url.searchParams.get('done') === 'removed' && { done: t.removed }),
    body: (
      <>
        <DataTable view={view} empty={{ title: t.noServices, text: t.noServicesLead }} />
        {mayEdit(visit) && (
          <Section title={t.add} lead={t.addLead}>
            <div class="wg-buttons">
              <LinkButton href={`${path}/openapi`} text={t.fromOpenApi} />
              <LinkButton href={`${path}/wsdl`} text={t.fromWsdl} isQuiet />
              <LinkButton href={`${path}/add-service`} text={t.byAddress} isQuiet />
            </div>
          </Section>
        )}
        {wsdls.length > 0 && (
          <Section title={t.wsdls} lead={t.wsdlsLead}>
            <DataTable view={descriptions} empty={{ title: visit.texts.none }} />
          </Section>
        )}
      </>
    ),
  };
}

function serviceColumns(visit: Visit, wsdls: readonly Wsdl[]): readonly Column<Service>[] {
  const t = textsOf(visit);
  const client = visit.param('client');
  const isOff = ({ disabledNotice, described }: Service) =>
    disabledNotice !== undefined ||
    wsdls.some((one) => one.id === described?.descriptionId && one.disabledNotice !== undefined);
  return [
    {
      key: 'service',
      heading: t.service,
      text: versionedName,
      show: (service) => (
        <a class="ds-link" href={pathOf(client, service)}>
          {versionedName(service)}
        </a>
      ),
    },
    { key: 'title', heading: t.title, text: ({ title }) => title ?? '' },
    { key: 'kind', heading: t.kind, text: ({ kind }) => t.kinds[kind] },
    { key: 'url', heading: t.address, text: ({ url }) => url, show: ({ url }) => <code>{url}</code> },
    {
      key: 'state',
      heading: t.state,
      text: (service) => (isOff(service) ? t.off : t.on),
      show: (service) =>
        isOff(service) ? <Tag text={t.off} color="warning" /> : <Tag text={t.on} color="success" />,
    },
  ];
}

/** A service of a WSDL is set up there. */
function pathOf(client: string, { serviceCode, serviceVersion, described }: Service): string {
  if (described === undefined) return servicePath(client, serviceCode);
  const version = serviceVersion === undefined ? '' : `?version=${encodeURIComponent(serviceVersion)}`;
  return `${wsdlPath(client, described.descriptionId)}/services/${encodeURIComponent(serviceCode)}${version}`;
}

function wsdlColumns(visit: Visit): readonly Column<Wsdl>[] {
  const t = textsOf(visit);
  return [
    {
      key: 'source',
      heading: t.source,
      text: ({ url }) => url ?? t.uploaded,
      show: ({ id, url }) => (
        <a class="ds-link" href={wsdlPath(visit.param('client'), id)}>
          {url ?? t.uploaded}
        </a>
      ),
    },
    { key: 'services', heading: t.services, text: ({ services }) => String(services.length) },
    {
      key: 'accepted',
      heading: t.acceptedAt,
      text: ({ acceptedAt }) => acceptedAt,
      show: ({ acceptedAt }) => <Instant at={acceptedAt} />,
    },
  ];
}

function addPage(visit: Visit, values: Values, problems: readonly FormProblem[]): PageContent {
  const t = textsOf(visit);
  const client = visit.param('client');
  const common = { values, problems };
  return {
    title: t.byAddress,
    lead: t.byAddressLead,
    crumbs: [...crumbsOf(visit), { href: servicesPath(client), text: t.services }],
    body: (
      <Form
        action={`${clientPath(client)}/add-service`}
        submit={t.add}
        problems={problems}
        cancel={servicesPath(client)}
      >
        <Field
          name="service"
          label={t.serviceCode}
          hint={t.serviceCodeHint}
          {...common}
          maxLength={255}
          isCode
        />
        <Field name="url" type="url" label={t.address} hint={t.addressHint} {...common} maxLength={2_000} />
      </Form>
    ),
  };
}
