import {
  addConfirmedAct,
  apiPath,
  Copyable,
  etagOf,
  Facts,
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
import {
  type Authority,
  type CertificationService,
  certificationApi,
  certificationPath,
  trustPath,
} from './answers.ts';
import { CertificateFacts, fingerprintOf, holderOf } from './certificate-facts.tsx';
import { readProfiles, SettingFields, settingFields, settingsOf, valuesOf } from './certification-form.tsx';
import { CertificateField } from './fields.tsx';
import { ResponderFields, responderFields, respondersOf } from './responder-fields.tsx';

const path = `${trustPath}/certification`;

/** A certification service: approved, looked at, changed and removed. Its authorities have pages of their own. */
export function addCertificationPages(pages: Pages): void {
  pages.get(`${path}/new`, (visit) => newPage(visit, {}, []));
  pages.post(`${path}/new`, (visit, form) =>
    submit(form, {
      fields: [...settingFields, 'certificate', ...responderFields],
      act: async (values) => {
        const top = { certificate: values['certificate'], ocspResponders: respondersOf(values) };
        const { entryId } = await visit.api.send<{ readonly entryId: string }>('POST', certificationApi, {
          ...settingsOf(values),
          top,
        });
        return seeOther(`${certificationPath(entryId)}?done=added`);
      },
      again: (values, problems) => newPage(visit, values, problems),
    }),
  );

  pages.get(`${path}/:entryId`, servicePage);
  pages.get(`${path}/:entryId/edit`, (visit) => editPage(visit, []));
  pages.post(`${path}/:entryId/edit`, (visit, form) =>
    submit(form, {
      fields: settingFields,
      act: async (values) => {
        const { top, intermediates } = (await readService(visit)).value;
        const body = { ...settingsOf(values), top, intermediates };
        await visit.api.send('PUT', apiOf(visit), body, etagOf(form));
        return seeOther(`${certificationPath(visit.param('entryId'))}?done=saved`);
      },
      again: (values, problems) => editPage(visit, problems, values),
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
        crumbs: crumbsOf(visit, { name, entryId }),
        cancel: certificationPath(entryId),
        happens: [t.removeTrustHappens(name)],
      };
    },
    act: async (visit) => {
      // The page said so, and asked.
      await visit.api.send('DELETE', `${apiOf(visit)}?confirm=certificates-in-use`);
      return `${trustPath}?done=removed`;
    },
  });
}

export const apiOf = ({ param }: Visit) => apiPath`/api/v1/certification-services/${param('entryId')}`;

export const readService = (visit: Visit) => visit.api.getTagged<CertificationService>(apiOf(visit));

/** The way to a page of a service. */
export function crumbsOf(visit: Visit, { name, entryId }: Pick<CertificationService, 'name' | 'entryId'>) {
  return [
    { href: trustPath, text: textsOf(visit).trustServices },
    { href: certificationPath(entryId), text: name },
  ];
}

async function servicePage(visit: Visit): Promise<PageContent> {
  const t = textsOf(visit);
  const { value: service } = await readService(visit);
  const { entryId, name, top, intermediates } = service;
  const done = { added: t.trustAdded, saved: t.trust.saved }[visit.url.searchParams.get('done') ?? ''];
  return {
    title: name,
    crumbs: [{ href: trustPath, text: t.trustServices }],
    ...(done !== undefined && { done }),
    act: (
      <>
        <LinkButton href={`${certificationPath(entryId)}/edit`} text={t.trust.edit} />
        <LinkButton href={`${certificationPath(entryId)}/remove`} text={visit.texts.remove} isQuiet />
      </>
    ),
    body: (
      <>
        <Section title={t.trust.settings}>
          <SettingFacts visit={visit} service={service} />
        </Section>
        <Section title={t.trust.top} lead={t.trust.topLead}>
          <AuthorityPart visit={visit} entryId={entryId} authority={top} />
        </Section>
        <Section title={t.trust.intermediates} lead={t.trust.intermediatesLead}>
          {intermediates.length === 0 && <p>{t.trust.noIntermediates}</p>}
          {intermediates.map((authority) => (
            <AuthorityPart visit={visit} entryId={entryId} authority={authority} isIntermediate />
          ))}
          <p>
            <LinkButton
              href={`${certificationPath(entryId)}/authorities/new`}
              text={t.trust.addIntermediate}
              isQuiet
            />
          </p>
        </Section>
      </>
    ),
  };
}

function SettingFacts({ visit, service }: { readonly visit: Visit; readonly service: CertificationService }) {
  const t = textsOf(visit);
  const { trust } = t;
  const { profile, authenticationOnly, defaultCsrFormat, acmeServer } = service;
  return (
    <Facts
      rows={[
        [t.profile, <Copyable text={profile} what={t.profile} />],
        [trust.usage, authenticationOnly ? trust.usages.authentication : trust.usages.both],
        [
          trust.csrFormat,
          defaultCsrFormat === undefined ? trust.notTold : trust.csrFormats[defaultCsrFormat],
        ],
        [
          trust.acmeDirectory,
          acmeServer && <Copyable text={acmeServer.directoryUrl} what={trust.acmeDirectory} />,
        ],
        [trust.acmeAddresses, acmeServer?.ipAddress],
        [trust.acmeAuthentication, acmeServer?.authenticationCertificateProfileId],
        [trust.acmeSigning, acmeServer?.signingCertificateProfileId],
      ]}
    />
  );
}

interface AuthorityProps {
  readonly visit: Visit;
  readonly entryId: string;
  readonly authority: Authority;
  readonly isIntermediate?: boolean;
}

/** One authority of a service: its certificate, and who is asked about what it issued. */
function AuthorityPart({ visit, entryId, authority, isIntermediate }: AuthorityProps) {
  const t = textsOf(visit);
  const { certificate, ocspResponders } = authority;
  const holder = holderOf(certificate);
  const own = `${certificationPath(entryId)}/authorities/${fingerprintOf(certificate)}`;
  return (
    <>
      {isIntermediate && (
        <h3 class="ds-heading" data-size="2xs">
          {holder}
        </h3>
      )}
      <CertificateFacts visit={visit} pem={certificate} />
      {ocspResponders.length === 0 && <p class="wg-hint">{t.trust.noResponders}</p>}
      {ocspResponders.map(({ url, costType, certificate: responder }, index) => (
        <>
          <Facts
            rows={[
              [t.trust.responder(index + 1), <Copyable text={url} what={t.trust.responder(index + 1)} />],
              [t.trust.cost, costType === undefined ? t.trust.notTold : t.trust.costs[costType]],
            ]}
          />
          {responder !== undefined && <CertificateFacts visit={visit} pem={responder} />}
        </>
      ))}
      <p class="wg-inline">
        <a class="ds-link" href={own} aria-label={`${t.trust.editAuthority}: ${holder}`}>
          {t.trust.editAuthority}
        </a>
        {isIntermediate && (
          <a class="ds-link" href={`${own}/remove`} aria-label={`${visit.texts.remove}: ${holder}`}>
            {visit.texts.remove}
          </a>
        )}
      </p>
    </>
  );
}

async function newPage(visit: Visit, values: Values, problems: readonly FormProblem[]): Promise<PageContent> {
  const t = textsOf(visit);
  const shared = { visit, values, problems };
  return {
    title: t.addCertification,
    lead: t.trustServicesLead,
    crumbs: [{ href: trustPath, text: t.trustServices }],
    body: (
      <Form action={`${path}/new`} submit={t.addCertification} problems={problems} cancel={trustPath}>
        <SettingFields profiles={await readProfiles(visit)} {...shared} />
        <CertificateField name="certificate" {...shared} />
        <ResponderFields {...shared} />
      </Form>
    ),
  };
}

async function editPage(
  visit: Visit,
  problems: readonly FormProblem[],
  typed?: Values,
): Promise<PageContent> {
  const t = textsOf(visit);
  const { value: service, etag } = await readService(visit);
  const own = certificationPath(service.entryId);
  return {
    title: t.trust.edit,
    crumbs: crumbsOf(visit, service),
    body: (
      <Form action={`${own}/edit`} submit={visit.texts.save} problems={problems} cancel={own} etag={etag}>
        <SettingFields
          visit={visit}
          profiles={await readProfiles(visit)}
          values={typed ?? valuesOf(service)}
          problems={problems}
        />
      </Form>
    ),
  };
}
