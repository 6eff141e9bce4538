import {
  ApiRefusal,
  addConfirmedAct,
  etagOf,
  Form,
  type FormProblem,
  type PageContent,
  type Pages,
  seeOther,
  submit,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import { textsOf } from '../texts.ts';
import { type Authority, type CertificationService, certificationPath, trustPath } from './answers.ts';
import { fingerprintOf, holderOf } from './certificate-facts.tsx';
import { apiOf, crumbsOf, readService } from './certification.tsx';
import { CertificateField } from './fields.tsx';
import { ResponderFields, responderFields, respondersOf, responderValues } from './responder-fields.tsx';

const path = `${trustPath}/certification/:entryId/authorities`;
const fields = ['certificate', ...responderFields];

/** The authorities of a certification service, each by the fingerprint of its certificate. */
export function addAuthorityPages(pages: Pages): void {
  pages.get(`${path}/new`, (visit) => newPage(visit, {}, []));
  pages.post(`${path}/new`, (visit, form) =>
    submit(form, {
      fields,
      act: async (values) => {
        const { value: service } = await readService(visit);
        const intermediates = [...service.intermediates, authorityOf(values)];
        return save(visit, { ...service, intermediates }, etagOf(form));
      },
      again: (values, problems) => newPage(visit, values, problems),
    }),
  );

  pages.get(`${path}/:sha256`, (visit) => authorityPage(visit, []));
  pages.post(`${path}/:sha256`, (visit, form) =>
    submit(form, {
      fields,
      act: async (values) => {
        const { value: service } = await readService(visit);
        const former = find(visit, service);
        const changed = (one: Authority) => (one === former ? authorityOf(values) : one);
        const { top, intermediates } = service;
        const body = { ...service, top: changed(top), intermediates: intermediates.map(changed) };
        return save(visit, body, etagOf(form));
      },
      again: (values, problems) => authorityPage(visit, problems, values),
    }),
  );

  addConfirmedAct(pages, {
    path: `${path}/:sha256/remove`,
    describe: async (visit) => {
      const { value: service } = await readService(visit);
      const name = holderOf(find(visit, service).certificate);
      return {
        title: `${visit.texts.remove}: ${name}`,
        submit: visit.texts.remove,
        crumbs: crumbsOf(visit, service),
        cancel: certificationPath(service.entryId),
        happens: [textsOf(visit).trust.removeIntermediateHappens(name)],
      };
    },
    act: async (visit) => {
      const { value: service, etag } = await readService(visit);
      const former = find(visit, service);
      const intermediates = service.intermediates.filter((one) => one !== former);
      // The page said so, and asked.
      await visit.api.send(
        'PUT',
        `${apiOf(visit)}?confirm=certificates-in-use`,
        { ...service, intermediates },
        etag,
      );
      return `${certificationPath(service.entryId)}?done=saved`;
    },
  });
}

async function save(visit: Visit, body: object, etag: string | undefined): Promise<Response> {
  await visit.api.send('PUT', apiOf(visit), body, etag);
  return seeOther(`${certificationPath(visit.param('entryId'))}?done=saved`);
}

/** What a form said of an authority; the API judges it. */
function authorityOf(values: Values): Authority {
  return {
    certificate: values['certificate'] ?? '',
    ocspResponders: respondersOf(values) as Authority['ocspResponders'],
  };
}

/** @throws ApiRefusal 404 when it has been changed or removed meanwhile */
function find({ param }: Visit, { top, intermediates }: CertificationService): Authority {
  const found = [top, ...intermediates].find(
    ({ certificate }) => fingerprintOf(certificate) === param('sha256'),
  );
  if (found === undefined) throw new ApiRefusal(404, { code: 'not-found' });
  return found;
}

async function newPage(visit: Visit, values: Values, problems: readonly FormProblem[]): Promise<PageContent> {
  const { trust } = textsOf(visit);
  const { value: service, etag } = await readService(visit);
  const own = certificationPath(service.entryId);
  return {
    title: trust.addIntermediate,
    lead: trust.intermediatesLead,
    crumbs: crumbsOf(visit, service),
    body: (
      <Form
        action={`${own}/authorities/new`}
        submit={trust.addIntermediate}
        problems={problems}
        cancel={own}
        etag={etag}
      >
        <CertificateField name="certificate" visit={visit} values={values} problems={problems} />
        <ResponderFields visit={visit} values={values} problems={problems} />
      </Form>
    ),
  };
}

async function authorityPage(
  visit: Visit,
  problems: readonly FormProblem[],
  typed?: Values,
): Promise<PageContent> {
  const { trust } = textsOf(visit);
  const { value: service, etag } = await readService(visit);
  const { certificate, ocspResponders } = find(visit, service);
  const own = certificationPath(service.entryId);
  const values = typed ?? { certificate, ...responderValues(ocspResponders) };
  return {
    title: holderOf(certificate),
    lead: trust.topLead,
    crumbs: crumbsOf(visit, service),
    body: (
      <Form
        action={`${own}/authorities/${fingerprintOf(certificate)}`}
        submit={visit.texts.save}
        problems={problems}
        cancel={own}
        etag={etag}
      >
        <CertificateField name="certificate" visit={visit} values={values} problems={problems} />
        <ResponderFields visit={visit} values={values} problems={problems} />
      </Form>
    ),
  };
}
