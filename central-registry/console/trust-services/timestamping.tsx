import {
  addConfirmedAct,
  apiPath,
  etagOf,
  Field,
  Form,
  type FormProblem,
  LinkButton,
  type PageContent,
  type Pages,
  Section,
  seeOther,
  submit,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import { textsOf } from '../texts.ts';
import { type TimestampingService, timestampingApi, timestampingPath, trustPath } from './answers.ts';
import { CertificateFacts } from './certificate-facts.tsx';
import { CertificateField, CostField, given } from './fields.tsx';

const path = `${trustPath}/timestamping`;
const fields = ['name', 'url', 'certificate', 'costType'];

/** A timestamping service: approved, looked at, changed and removed. */
export function addTimestampingPages(pages: Pages): void {
  pages.get(`${path}/new`, (visit) => newPage(visit, {}, []));
  pages.post(`${path}/new`, (visit, form) =>
    submit(form, {
      fields,
      act: async (values) => {
        await visit.api.send('POST', timestampingApi, bodyOf(values));
        return seeOther(`${trustPath}?done=added`);
      },
      again: (values, problems) => newPage(visit, values, problems),
    }),
  );

  pages.get(`${path}/:entryId`, (visit) => servicePage(visit, []));
  pages.post(`${path}/:entryId`, (visit, form) =>
    submit(form, {
      fields,
      act: async (values) => {
        await visit.api.send('PUT', apiOf(visit), bodyOf(values), etagOf(form));
        return seeOther(`${timestampingPath(visit.param('entryId'))}?done=saved`);
      },
      again: (values, problems) => servicePage(visit, problems, values),
    }),
  );

  addConfirmedAct(pages, {
    path: `${path}/:entryId/remove`,
    describe: async (visit) => {
      const t = textsOf(visit);
      const { name, entryId } = (await readService(visit)).value;
      return {
        title: `${visit.texts.remove}: ${name}`,
        submit: visit.texts.remove,
        crumbs: [
          { href: trustPath, text: t.trustServices },
          { href: timestampingPath(entryId), text: name },
        ],
        cancel: timestampingPath(entryId),
        happens: [t.removeTimestampingHappens(name)],
      };
    },
    act: async (visit) => {
      await visit.api.send('DELETE', apiOf(visit));
      return `${trustPath}?done=removed`;
    },
  });
}

const apiOf = ({ param }: Visit) => apiPath`/api/v1/timestamping-services/${param('entryId')}`;
const readService = (visit: Visit) => visit.api.getTagged<TimestampingService>(apiOf(visit));

function bodyOf({ name, url, certificate, costType }: Values): object {
  return { name, url, certificate, ...given({ costType }) };
}

async function servicePage(
  visit: Visit,
  problems: readonly FormProblem[],
  typed?: Values,
): Promise<PageContent> {
  const t = textsOf(visit);
  const { value: service, etag } = await readService(visit);
  const { entryId, name, url, certificate, costType } = service;
  const values = typed ?? { name, url, certificate, costType };
  return {
    title: name,
    lead: t.trust.timestampingLead,
    crumbs: [{ href: trustPath, text: t.trustServices }],
    ...(visit.url.searchParams.get('done') === 'saved' && { done: t.trust.saved }),
    act: <LinkButton href={`${timestampingPath(entryId)}/remove`} text={visit.texts.remove} isQuiet />,
    body: (
      <>
        <Section title={t.certificate}>
          <CertificateFacts visit={visit} pem={certificate} />
        </Section>
        <Section title={t.trust.service}>
          <Form action={timestampingPath(entryId)} submit={visit.texts.save} problems={problems} etag={etag}>
            <ServiceFields visit={visit} values={values} problems={problems} />
          </Form>
        </Section>
      </>
    ),
  };
}

function newPage(visit: Visit, values: Values, problems: readonly FormProblem[]): PageContent {
  const t = textsOf(visit);
  return {
    title: t.addTimestamping,
    lead: t.trust.timestampingLead,
    crumbs: [{ href: trustPath, text: t.trustServices }],
    body: (
      <Form action={`${path}/new`} submit={t.addTimestamping} problems={problems} cancel={trustPath}>
        <ServiceFields visit={visit} values={values} problems={problems} />
      </Form>
    ),
  };
}

interface Props {
  readonly visit: Visit;
  readonly values: Values;
  readonly problems: readonly FormProblem[];
}

function ServiceFields({ visit, ...shared }: Props) {
  const t = textsOf(visit);
  return (
    <>
      <Field name="name" label={t.serviceName} maxLength={255} {...shared} />
      <Field name="url" label={t.url} type="url" maxLength={500} {...shared} />
      <CostField visit={visit} name="costType" {...shared} />
      <CertificateField visit={visit} name="certificate" {...shared} />
    </>
  );
}
