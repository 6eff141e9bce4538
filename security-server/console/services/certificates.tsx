import { X509Certificate } from 'node:crypto';
import {
  addConfirmedAct,
  apiPath,
  etagOf,
  Field,
  Form,
  type FormProblem,
  type Pages,
  Section,
  seeOther,
  submit,
  type Visit,
} from '../../../gateway/console/index.ts';
import { toPem } from '../clients/index.ts';
import { type Service, servicePath } from './answers.ts';
import { serviceCrumbs } from './crumbs.ts';
import { textsOf } from './texts.ts';

const apiOf = ({ param }: Visit) => apiPath`/api/v1/clients/${param('client')}/services/${param('service')}`;
const pathOf = ({ param }: Visit) => servicePath(param('client'), param('service'));
const digestOf = (pem: string) => new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
const nameOf = (pem: string) => new X509Certificate(pem).subject.split('\n').join(', ');

/** Certificates by which an HTTPS service is known. */
export function addCertificatePages(pages: Pages): void {
  const root = '/clients/:client/services/:service/certificates';
  pages.get(root, (visit) => addPage(visit, []));
  pages.post(root, (visit, form) =>
    submit(form, {
      fields: ['certificate'],
      act: async () => {
        const file = form.get('certificate');
        if (!(file instanceof File) || file.size === 0) {
          return addPage(visit, [{ name: 'certificate', text: textsOf(visit).chooseCertificate }]);
        }
        const { serviceCode: _code, ...service } = await visit.api.get<Service>(apiOf(visit));
        const certificates = [...service.certificates, await toPem(file)];
        await visit.api.send('PUT', apiOf(visit), { ...service, certificates }, etagOf(form));
        return seeOther(`${pathOf(visit)}?done=saved`);
      },
      again: (_values, problems) => addPage(visit, problems),
    }),
  );
  addConfirmedAct(pages, {
    path: `${root}/:sha256/remove`,
    describe: (visit) => ({
      title: textsOf(visit).removeCertificate,
      submit: visit.texts.remove,
      crumbs: serviceCrumbs(visit),
      cancel: pathOf(visit),
      happens: [textsOf(visit).removeCertificateHappens],
    }),
    act: async (visit) => {
      const { value, etag } = await visit.api.getTagged<Service>(apiOf(visit));
      const { serviceCode: _code, ...service } = value;
      const certificates = service.certificates.filter((pem) => digestOf(pem) !== visit.param('sha256'));
      await visit.api.send('PUT', apiOf(visit), { ...service, certificates }, etag);
      return `${pathOf(visit)}?done=saved`;
    },
  });
}

export function CertificateSection({ visit, service }: { readonly visit: Visit; readonly service: Service }) {
  const t = textsOf(visit);
  return (
    <Section
      title={t.certificates}
      lead={service.certificates.length === 0 ? t.noCertificates : t.certificatesLead}
    >
      {service.certificates.length > 0 && (
        <ul>
          {service.certificates.map((pem) => (
            <li>
              {nameOf(pem)}{' '}
              <a
                class="ds-link"
                href={`${pathOf(visit)}/certificates/${digestOf(pem)}/remove`}
                aria-label={`${visit.texts.remove}: ${nameOf(pem)}`}
              >
                {visit.texts.remove}
              </a>
            </li>
          ))}
        </ul>
      )}
      <p>
        <a class="ds-link" href={`${pathOf(visit)}/certificates`}>
          {t.addCertificate}
        </a>
      </p>
    </Section>
  );
}

async function addPage(visit: Visit, problems: readonly FormProblem[]) {
  const t = textsOf(visit);
  const { etag } = await visit.api.getTagged<Service>(apiOf(visit));
  return {
    title: t.addCertificate,
    lead: t.certificatesLead,
    crumbs: serviceCrumbs(visit),
    body: (
      <Form
        action={`${pathOf(visit)}/certificates`}
        submit={t.addCertificate}
        problems={problems}
        cancel={pathOf(visit)}
        etag={etag}
        isUpload
      >
        <Field
          name="certificate"
          type="file"
          label={t.certificateFile}
          hint={t.certificateFileHint}
          problems={problems}
          accept=".pem,.crt,.cer,.der"
        />
      </Form>
    ),
  };
}
