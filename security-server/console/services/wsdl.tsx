import {
  addConfirmedAct,
  apiPath,
  type Column,
  DataTable,
  etagOf,
  Facts,
  Form,
  type FormProblem,
  Instant,
  LinkButton,
  Notice,
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
import { limitTextsOf } from './limit-texts.ts';
import { NoticeSection, readNotice } from './notice.tsx';
import { readSettings, SettingsFields, settingsFields } from './settings-fields.tsx';
import { fileOf, maxFileForm, SourceFields } from './source.tsx';
import { textsOf } from './texts.ts';
import { addWsdlRenewal } from './wsdl-renewal.tsx';

const wsdls = ({ param }: Visit) => apiPath`/api/v1/clients/${param('client')}/service-descriptions`;
const apiOf = (visit: Visit) => `${wsdls(visit)}${apiPath`/${visit.param('wsdl')}`}`;
const pathOf = ({ param }: Visit) => wsdlPath(param('client'), param('wsdl'));

/** SOAP services, which come from WSDLs and go with them. */
export function addWsdlPages(pages: Pages): void {
  pages.get('/clients/:client/wsdl', (visit) => addPage(visit, {}, []));
  pages.post(
    '/clients/:client/wsdl',
    (visit, form) =>
      submit(form, {
        fields: ['url'],
        act: async ({ url = '' }) => {
          const document = await fileOf(form, 'document');
          const source = document === undefined ? { url } : { document };
          const { id } = await visit.api.send<Wsdl>('POST', wsdls(visit), source);
          return seeOther(`${wsdlPath(visit.param('client'), id)}?done=added`);
        },
        again: (values, problems) => addPage(visit, values, problems),
      }),
    { maxBytes: maxFileForm },
  );
  pages.get('/clients/:client/wsdls/:wsdl', (visit) => wsdlPage(visit, {}, []));
  pages.post('/clients/:client/wsdls/:wsdl/notice', (visit, form) =>
    submit(form, {
      fields: ['notice', 'on'],
      act: async (values) => {
        await visit.api.send('PUT', `${apiOf(visit)}/disabled-notice`, readNotice(values));
        return seeOther(`${pathOf(visit)}?done=saved`);
      },
      again: (values, problems) => wsdlPage(visit, values, problems),
    }),
  );
  addConfirmedAct(pages, {
    path: '/clients/:client/wsdls/:wsdl/remove',
    describe: (visit) => ({
      title: textsOf(visit).removeWsdl,
      submit: visit.texts.remove,
      crumbs: crumbs(visit),
      cancel: pathOf(visit),
      happens: [textsOf(visit).removeWsdlHappens],
    }),
    act: async (visit) => {
      await visit.api.send('DELETE', apiOf(visit));
      return `${servicesPath(visit.param('client'))}?done=removed`;
    },
  });
  pages.get('/clients/:client/wsdls/:wsdl/services/:service', (visit) => soapPage(visit, {}, []));
  pages.post('/clients/:client/wsdls/:wsdl/services/:service', (visit, form) =>
    submit(form, {
      fields: settingsFields,
      act: async (values) => {
        const { certificates } = await findService(visit);
        const version = visit.url.searchParams.get('version');
        const query = version === null ? '' : `?${new URLSearchParams({ version })}`;
        const path = `${apiOf(visit)}${apiPath`/services/${visit.param('service')}`}${query}`;
        await visit.api.send('PUT', path, { ...readSettings(values), certificates }, etagOf(form));
        return seeOther(`${pathOf(visit)}?done=saved`);
      },
      again: (values, problems) => soapPage(visit, values, problems),
    }),
  );
  addWsdlRenewal(pages);
}

async function findWsdl(visit: Visit): Promise<Wsdl> {
  return visit.api.get<Wsdl>(apiOf(visit));
}

async function findService(visit: Visit): Promise<Service> {
  const { services } = await findWsdl(visit);
  const version = visit.url.searchParams.get('version') ?? undefined;
  const found = services.find(
    (one) => one.serviceCode === visit.param('service') && one.serviceVersion === version,
  );
  if (found !== undefined) return found;
  // The API's own word for it.
  return visit.api.get<Service>(
    apiPath`/api/v1/clients/${visit.param('client')}/services/${`${visit.param('service')} ${version ?? ''}`}`,
  );
}

function crumbs(visit: Visit) {
  return [
    ...crumbsOf(visit),
    { href: servicesPath(visit.param('client')), text: textsOf(visit).services },
    { href: pathOf(visit), text: 'WSDL' },
  ];
}

function addPage(visit: Visit, values: Values, problems: readonly FormProblem[]): PageContent {
  const t = textsOf(visit);
  const client = visit.param('client');
  return {
    title: t.fromWsdl,
    lead: t.fromWsdlLead,
    crumbs: crumbs(visit).slice(0, -1),
    body: (
      <Form
        action={`${clientPath(client)}/wsdl`}
        submit={t.add}
        problems={problems}
        cancel={servicesPath(client)}
        isUpload
      >
        <SourceFields visit={visit} {...{ values, problems }} accept=".wsdl,.xml" />
      </Form>
    ),
  };
}

async function wsdlPage(visit: Visit, values: Values, problems: readonly FormProblem[]) {
  const t = textsOf(visit);
  const wsdl = await findWsdl(visit);
  const path = pathOf(visit);
  const columns: readonly Column<Service>[] = [
    {
      key: 'service',
      heading: t.service,
      text: versionedName,
      show: ({ serviceCode, serviceVersion }) => (
        <a
          class="ds-link"
          href={`${path}/services/${encodeURIComponent(serviceCode)}${serviceVersion === undefined ? '' : `?version=${encodeURIComponent(serviceVersion)}`}`}
        >
          {versionedName({ serviceCode, ...(serviceVersion !== undefined && { serviceVersion }) })}
        </a>
      ),
    },
    { key: 'title', heading: t.title, text: ({ title }) => title ?? '' },
    { key: 'url', heading: t.address, text: ({ url }) => url, show: ({ url }) => <code>{url}</code> },
    {
      key: 'access',
      heading: '',
      text: () => '',
      show: ({ serviceCode }) => (
        <a
          class="ds-link"
          href={`${servicePath(visit.param('client'), serviceCode)}/access`}
          aria-label={`${t.access}: ${serviceCode}`}
        >
          {t.access}
        </a>
      ),
    },
  ];
  const view = viewTable(visit, { name: 'services', caption: t.services, columns, rows: wsdl.services });
  if (view instanceof Response) return view;
  const done = (
    { saved: visit.texts.saved, added: t.addedWsdl, accepted: t.accepted } as Record<string, string>
  )[visit.url.searchParams.get('done') ?? ''];
  return {
    title: 'WSDL',
    lead: t.wsdlLead,
    crumbs: crumbs(visit).slice(0, -1),
    ...(done !== undefined && { done }),
    ...(mayEdit(visit) && { act: <LinkButton href={`${path}/renew`} text={t.renewDescription} /> }),
    body: (
      <>
        {wsdl.disabledNotice !== undefined && (
          <Notice kind="warning" heading={t.off}>
            {wsdl.disabledNotice}
          </Notice>
        )}
        <Facts
          rows={[
            [t.source, wsdl.url === undefined ? t.uploaded : <code>{wsdl.url}</code>],
            [t.acceptedAt, <Instant at={wsdl.acceptedAt} />],
            [
              t.state,
              wsdl.disabledNotice === undefined ? (
                <Tag text={t.on} color="success" />
              ) : (
                <Tag text={t.off} color="warning" />
              ),
            ],
          ]}
        />
        <DataTable view={view} empty={{ title: t.noServices }} />
        {mayEdit(visit) && (
          <>
            <NoticeSection
              visit={visit}
              action={`${path}/notice`}
              notice={wsdl.disabledNotice}
              values={values}
              problems={problems}
            />
            <Section title={t.removal} lead={t.removeWsdlHappens}>
              <div class="wg-buttons">
                <LinkButton href={`${path}/remove`} text={visit.texts.remove} isQuiet />
              </div>
            </Section>
          </>
        )}
      </>
    ),
  };
}

async function soapPage(visit: Visit, values: Values, problems: readonly FormProblem[]) {
  const t = textsOf(visit);
  const service = await findService(visit);
  const client = visit.param('client');
  return {
    title: versionedName(service),
    lead: t.soapLead,
    crumbs: crumbs(visit),
    act: (
      <>
        <LinkButton href={`${servicePath(client, service.serviceCode)}/access`} text={t.access} />
        <LinkButton
          href={`${servicePath(client, service.serviceCode)}/limits`}
          text={limitTextsOf(visit).limits}
          isQuiet
        />
      </>
    ),
    body: (
      <>
        <Facts
          rows={[
            [t.title, service.title],
            [t.kind, t.kinds.WSDL],
            [t.addressSuggested, service.described && <code>{service.described.url}</code>],
          ]}
        />
        {mayEdit(visit) && (
          <Section title={t.settings} lead={t.settingsLead}>
            <Form
              action={visit.url.pathname + visit.url.search}
              submit={visit.texts.save}
              problems={problems}
            >
              <SettingsFields {...{ visit, service, values, problems }} />
            </Form>
          </Section>
        )}
      </>
    ),
  };
}
