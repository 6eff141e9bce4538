import {
  ApiRefusal,
  addConfirmedAct,
  apiPath,
  Copyable,
  Download,
  etagOf,
  Facts,
  Form,
  type FormProblem,
  handOn,
  Instant,
  LinkButton,
  Notice,
  type Pages,
  Section,
  seeOther,
  submit,
  Tag,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import { clientPath, mayEdit } from '../clients/index.ts';
import { type OpenApi, type Service, servicePath, servicesPath } from './answers.ts';
import { addCertificatePages, CertificateSection } from './certificates.tsx';
import { serviceCrumbs } from './crumbs.ts';
import { addEndpointPages, EndpointSection } from './endpoints.tsx';
import { limitTextsOf } from './limit-texts.ts';
import { addLimitPages } from './limits.tsx';
import { NoticeSection, readNotice } from './notice.tsx';
import { readSettings, SettingsFields, settingsFields } from './settings-fields.tsx';
import { textsOf } from './texts.ts';

const apiOf = ({ param }: Visit) => apiPath`/api/v1/clients/${param('client')}/services/${param('service')}`;
const pathOf = ({ param }: Visit) => servicePath(param('client'), param('service'));

/** One REST service: its description, its endpoints, how it is called, and its notice. */
export function addServicePage(pages: Pages): void {
  pages.get('/clients/:client/services/:service', (visit) => draw(visit, {}, []));
  pages.get('/clients/:client/services/:service/document', async (visit) =>
    handOn(await visit.api.fetch(`${apiOf(visit)}/description/document`)),
  );
  pages.post('/clients/:client/services/:service', (visit, form) =>
    submit(form, {
      fields: settingsFields,
      act: async (values) => {
        const {
          serviceCode: _code,
          minimumPeerVersion: _former,
          ...service
        } = await visit.api.get<Service>(apiOf(visit));
        await visit.api.send('PUT', apiOf(visit), { ...service, ...readSettings(values) }, etagOf(form));
        return seeOther(`${pathOf(visit)}?done=saved`);
      },
      again: (values, problems) => draw(visit, values, problems),
    }),
  );
  pages.post('/clients/:client/services/:service/notice', (visit, form) =>
    submit(form, {
      fields: ['notice', 'on'],
      act: async (values) => {
        await visit.api.send('PUT', `${apiOf(visit)}/disabled-notice`, readNotice(values));
        return seeOther(`${pathOf(visit)}?done=saved`);
      },
      again: (values, problems) => draw(visit, values, problems),
    }),
  );
  addConfirmedAct(pages, {
    path: '/clients/:client/services/:service/remove',
    describe: (visit) => {
      const t = textsOf(visit);
      return {
        title: `${visit.texts.remove}: ${visit.param('service')}`,
        submit: visit.texts.remove,
        crumbs: serviceCrumbs(visit),
        cancel: pathOf(visit),
        happens: [t.removeHappens],
      };
    },
    act: async (visit) => {
      await visit.api.send('DELETE', apiOf(visit));
      return `${servicesPath(visit.param('client'))}?done=removed`;
    },
  });
  addEndpointPages(pages);
  addCertificatePages(pages);
  addLimitPages(pages);
}

/** How it stands with calls of a service that may fail. */
interface Circuit {
  readonly state: string;
  readonly until?: string;
}

async function draw(visit: Visit, values: Values, problems: readonly FormProblem[]) {
  const t = textsOf(visit);
  const [client, code] = [visit.param('client'), visit.param('service')];
  const { value: service, etag } = await visit.api.getTagged<Service>(apiOf(visit));
  if (service.described !== undefined) return seeOther(servicesPath(client));
  const description = service.kind === 'OPENAPI' ? await readDescription(visit) : undefined;
  const circuit = await visit.api.get<Circuit>(`${apiOf(visit)}/circuit`);
  const endpoints = EndpointSection({ visit, service, description });
  if (endpoints instanceof Response) return endpoints;
  const done = (
    { saved: visit.texts.saved, added: t.addedService, accepted: t.accepted } as Record<string, string>
  )[visit.url.searchParams.get('done') ?? ''];
  const path = pathOf(visit);
  return {
    title: service.title ?? code,
    lead: t.serviceLead,
    crumbs: serviceCrumbs(visit, false),
    ...(done !== undefined && { done }),
    act: (
      <>
        <LinkButton href={`${path}/access`} text={t.access} />
        <LinkButton href={`${path}/limits`} text={limitTextsOf(visit).limits} isQuiet />
      </>
    ),
    body: (
      <>
        {service.disabledNotice !== undefined && (
          <Notice kind="warning" heading={t.off}>
            {service.disabledNotice}
          </Notice>
        )}
        {circuit.until !== undefined && (
          <Notice kind="warning" heading={t.leftAlone}>
            <p>
              {t.leftAloneUntil} <Instant at={circuit.until} />
            </p>
          </Notice>
        )}
        <Facts
          rows={[
            [t.serviceCode, <Copyable text={code} what={t.serviceCode} />],
            [t.kind, t.kinds[service.kind]],
            [
              t.state,
              service.disabledNotice === undefined ? (
                <Tag text={t.on} color="success" />
              ) : (
                <Tag text={t.off} color="warning" />
              ),
            ],
            [t.address, <code>{service.url}</code>],
            [t.minimumVersion, service.minimumPeerVersion],
          ]}
        />
        {service.kind !== 'WSDL' && (
          <Section
            title={t.description}
            lead={description === undefined ? t.noDescription : t.descriptionLead}
          >
            {description !== undefined && (
              <Facts
                rows={[
                  [t.title, description.title],
                  [t.version, description.version],
                  ['OpenAPI', description.openapi],
                  [t.source, description.url === undefined ? t.uploaded : <code>{description.url}</code>],
                  [t.acceptedAt, <Instant at={description.acceptedAt} />],
                ]}
              />
            )}
            <div class="wg-buttons">
              {mayEdit(visit) && (
                <LinkButton
                  href={`${clientPath(client)}/openapi?service=${encodeURIComponent(code)}`}
                  text={description === undefined ? t.giveDescription : t.renewDescription}
                  isQuiet
                />
              )}
              {description !== undefined && (
                <Download href={`${path}/document`} text={t.download} name={`${code}.txt`} />
              )}
            </div>
          </Section>
        )}
        {service.kind !== 'WSDL' && endpoints}
        {mayEdit(visit) && (
          <>
            <Section title={t.settings} lead={t.settingsLead}>
              <Form
                action={path}
                submit={visit.texts.save}
                problems={'url' in values ? problems : []}
                etag={etag}
              >
                <SettingsFields {...{ visit, service, values, problems }} />
              </Form>
            </Section>
            <CertificateSection visit={visit} service={service} />
            <NoticeSection
              visit={visit}
              action={`${path}/notice`}
              notice={service.disabledNotice}
              values={values}
              problems={'notice' in values ? problems : []}
            />
            <Section title={t.removal} lead={t.removeHappens}>
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

async function readDescription(visit: Visit): Promise<OpenApi | undefined> {
  try {
    return await visit.api.get<OpenApi>(`${apiOf(visit)}/description`);
  } catch (error) {
    // Of an earlier build: a service that has none yet.
    if (error instanceof ApiRefusal && error.code === 'unknown-description') return undefined;
    throw error;
  }
}
