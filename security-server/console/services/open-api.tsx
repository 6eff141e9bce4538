import {
  apiPath,
  Facts,
  Field,
  Form,
  type FormProblem,
  Notice,
  type PageContent,
  type Pages,
  Section,
  seeOther,
  submit,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import { clientPath } from '../clients/index.ts';
import { endpointName, type OpenApiDifference, servicePath, servicesPath } from './answers.ts';
import { serviceCrumbs } from './crumbs.ts';
import { fileOf, maxDocumentForm, maxFileForm, SourceFields } from './source.tsx';
import { textsOf } from './texts.ts';

/** A service from an OpenAPI description, new or renewed: chosen, looked at, accepted. */
export function addOpenApiPages(pages: Pages): void {
  pages.get('/clients/:client/openapi', (visit) => {
    const service = visit.url.searchParams.get('service')?.slice(0, 255) ?? '';
    return choosePage(visit, { service }, []);
  });
  pages.post(
    '/clients/:client/openapi',
    (visit, form) =>
      submit(form, {
        fields: ['service', 'url'],
        act: async ({ service = '', url = '' }) => {
          const document = await fileOf(form, 'document');
          const source = document === undefined ? (url === '' ? {} : { url }) : { document };
          return previewPage(visit, { service, source, problems: [] });
        },
        again: (values, problems) => choosePage(visit, values, problems),
      }),
    { maxBytes: maxFileForm },
  );
  pages.post(
    '/clients/:client/openapi/accept',
    (visit, form) => {
      const text = (name: string) => {
        const value = form.get(name);
        return typeof value === 'string' && value !== '' ? value : undefined;
      };
      const source = { url: text('url'), document: text('document') };
      return submit(form, {
        fields: ['service', 'digest', 'address'],
        act: async ({ service = '', digest, address = '' }) => {
          const client = visit.param('client');
          const path = apiPath`/api/v1/clients/${client}/services/${service}/description`;
          const body = { ...source, digest, ...(address !== '' && { address }) };
          await visit.api.send('POST', path, body);
          return seeOther(`${servicePath(client, service)}?done=accepted`);
        },
        // What is there now is shown again, be it another description than was looked at.
        again: ({ service = '', address }, problems) =>
          previewPage(visit, { service, source, problems, ...(address !== undefined && { address }) }),
      });
    },
    { maxBytes: maxDocumentForm },
  );
}

function choosePage(visit: Visit, values: Values, problems: readonly FormProblem[]): PageContent {
  const t = textsOf(visit);
  const client = visit.param('client');
  return {
    title: t.fromOpenApi,
    lead: t.fromOpenApiLead,
    crumbs: serviceCrumbs(visit, false),
    body: (
      <Form
        action={`${clientPath(client)}/openapi`}
        submit={t.look}
        problems={problems}
        cancel={servicesPath(client)}
        isUpload
      >
        <Field
          name="service"
          label={t.serviceCode}
          hint={t.serviceCodeHint}
          {...{ values, problems }}
          maxLength={255}
          isCode
        />
        <SourceFields visit={visit} {...{ values, problems }} accept=".json,.yaml,.yml" />
      </Form>
    ),
  };
}

interface Preview {
  readonly service: string;
  readonly source: { readonly url?: string | undefined; readonly document?: string | undefined };
  readonly problems: readonly FormProblem[];
  readonly address?: string;
}

async function previewPage(
  visit: Visit,
  { service, source, problems, address }: Preview,
): Promise<PageContent> {
  const t = textsOf(visit);
  const client = visit.param('client');
  const path = apiPath`/api/v1/clients/${client}/services/${service}/description/preview`;
  const found = await visit.api.send<OpenApiDifference>('POST', path, source);
  const { title, version, openapi, endpointCount, isNew, isSame, added, removed } = found;
  const values = { address: address ?? found.url ?? found.suggestedUrl };
  return {
    title: isNew ? t.newService(service) : t.changesOf(service),
    lead: isNew ? t.newServiceLead : t.changesLead,
    crumbs: serviceCrumbs(visit, false),
    body: (
      <>
        {isSame && <Notice kind="info">{t.isSame}</Notice>}
        <Facts
          rows={[
            [t.title, title],
            [t.version, version],
            ['OpenAPI', openapi],
            [t.endpoints, String(endpointCount)],
            [t.addressSuggested, found.suggestedUrl && <code>{found.suggestedUrl}</code>],
          ]}
        />
        <Section title={t.added(added.length)}>
          <EndpointList names={added.map(endpointName)} none={t.nothingAdded} />
        </Section>
        {!isNew && (
          <Section title={t.removedEndpoints(removed.length)} lead={t.removedLead}>
            <EndpointList
              names={removed.map((one) =>
                one.subjects.length === 0
                  ? endpointName(one)
                  : `${endpointName(one)} – ${t.losesRight(one.subjects.join(', '))}`,
              )}
              none={t.nothingRemoved}
            />
          </Section>
        )}
        <Form
          action={`${clientPath(client)}/openapi/accept`}
          submit={t.accept}
          problems={problems}
          cancel={isNew ? servicesPath(client) : servicePath(client, service)}
          isDangerous={removed.some(({ subjects }) => subjects.length > 0)}
        >
          <input type="hidden" name="service" value={service} />
          <input type="hidden" name="digest" value={found.digest} />
          {source.url !== undefined && <input type="hidden" name="url" value={source.url} />}
          {source.document !== undefined && <input type="hidden" name="document" value={source.document} />}
          <Field
            name="address"
            type="url"
            label={t.address}
            hint={t.addressHint}
            {...{ values, problems }}
            maxLength={2_000}
          />
        </Form>
      </>
    ),
  };
}

function EndpointList({ names, none }: { readonly names: readonly string[]; readonly none: string }) {
  if (names.length === 0) return <p>{none}</p>;
  return (
    <ul>
      {names.map((name) => (
        <li>
          <code>{name}</code>
        </li>
      ))}
    </ul>
  );
}
