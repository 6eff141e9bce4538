import {
  addConfirmedAct,
  apiPath,
  type Column,
  DataTable,
  Field,
  Form,
  type FormProblem,
  LinkButton,
  type PageContent,
  type Pages,
  seeOther,
  submit,
  type Values,
  type Visit,
  viewTable,
} from '../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

interface CertificationService {
  readonly entryId: string;
  readonly name: string;
  readonly profile: string;
  readonly authenticationOnly: boolean;
  readonly top: { readonly ocspResponders: readonly { readonly url: string }[] };
  readonly intermediates: readonly unknown[];
}

interface TimestampingService {
  readonly entryId: string;
  readonly name: string;
  readonly url: string;
}

const path = '/trust-services';

/** Certification and timestamping services that the instance approves. */
export function addTrustServicePages(pages: Pages): void {
  pages.get(path, listPage);

  pages.get(`${path}/certification/new`, (visit) => certificationPage(visit, {}, []));
  pages.post(`${path}/certification/new`, (visit, form) =>
    submit(form, {
      fields: ['name', 'profile', 'certificate', 'ocsp'],
      act: async ({ name, profile, certificate, ocsp }) => {
        const ocspResponders = ocsp === '' ? [] : [{ url: ocsp }];
        const body = { name, profile, top: { certificate, ocspResponders } };
        await visit.api.send('POST', '/api/v1/certification-services', body);
        return seeOther(`${path}?done=added`);
      },
      again: (values, problems) => certificationPage(visit, values, problems),
    }),
  );

  pages.get(`${path}/timestamping/new`, (visit) => timestampingPage(visit, {}, []));
  pages.post(`${path}/timestamping/new`, (visit, form) =>
    submit(form, {
      fields: ['name', 'url', 'certificate'],
      act: async (values) => {
        await visit.api.send('POST', '/api/v1/timestamping-services', values);
        return seeOther(`${path}?done=added`);
      },
      again: (values, problems) => timestampingPage(visit, values, problems),
    }),
  );
  addRemovals(pages);
}

function addRemovals(pages: Pages): void {
  for (const kind of ['certification', 'timestamping'] as const) {
    addConfirmedAct(pages, {
      path: `${path}/${kind}/:entryId/remove`,
      describe: async (visit) => {
        const t = textsOf(visit);
        const all = await visit.api.get<readonly TimestampingService[]>(`/api/v1/${kind}-services`);
        const id = visit.param('entryId');
        const name = all.find(({ entryId }) => entryId === id)?.name ?? id;
        return {
          title: `${visit.texts.remove}: ${name}`,
          submit: visit.texts.remove,
          crumbs: [{ href: path, text: t.trustServices }],
          cancel: path,
          happens: [
            kind === 'certification' ? t.removeTrustHappens(name) : t.removeTimestampingHappens(name),
          ],
        };
      },
      act: async ({ api, param }) => {
        const base = `/api/v1/${kind}-services`;
        // The page said so, and asked.
        const confirmed = '?confirm=certificates-in-use';
        await api.send('DELETE', `${base}${apiPath`/${param('entryId')}`}${confirmed}`);
        return `${path}?done=removed`;
      },
    });
  }
}

async function listPage(visit: Visit): Promise<PageContent | Response> {
  const t = textsOf(visit);
  const [certification, timestamping] = await Promise.all([
    visit.api.get<readonly CertificationService[]>('/api/v1/certification-services'),
    visit.api.get<readonly TimestampingService[]>('/api/v1/timestamping-services'),
  ]);
  const first = viewTable(visit, {
    ...{ name: 'certification', caption: t.certification, rows: certification },
    columns: certificationColumns(visit),
  });
  if (first instanceof Response) return first;
  const second = viewTable(visit, {
    ...{ name: 'timestamping', caption: t.timestamping, rows: timestamping },
    columns: timestampingColumns(visit),
  });
  if (second instanceof Response) return second;
  const done = { added: t.trustAdded, removed: t.trustRemoved }[visit.url.searchParams.get('done') ?? ''];
  return {
    title: t.trustServices,
    lead: t.trustServicesLead,
    ...(done !== undefined && { done }),
    act: (
      <>
        <LinkButton href={`${path}/certification/new`} text={t.addCertification} />
        <LinkButton href={`${path}/timestamping/new`} text={t.addTimestamping} isQuiet />
      </>
    ),
    body: (
      <>
        <DataTable view={first} empty={{ title: t.noCertification }} />
        <DataTable view={second} empty={{ title: t.noTimestampingYet }} />
      </>
    ),
  };
}

function certificationColumns(visit: Visit): readonly Column<CertificationService>[] {
  const t = textsOf(visit);
  return [
    { key: 'name', heading: t.serviceName, text: ({ name }) => name },
    { key: 'profile', heading: t.profile, text: ({ profile }) => profile },
    {
      key: 'ocsp',
      heading: t.ocsp,
      text: ({ top }) => top.ocspResponders.map(({ url }) => url).join(', '),
    },
    {
      key: 'intermediates',
      heading: t.intermediates,
      text: ({ intermediates }) => String(intermediates.length),
    },
    {
      key: 'authentication',
      heading: t.authenticationOnly,
      text: ({ authenticationOnly }) => (authenticationOnly ? visit.texts.yes : visit.texts.no),
    },
    removeColumn(visit, 'certification'),
  ];
}

function timestampingColumns(visit: Visit): readonly Column<TimestampingService>[] {
  const t = textsOf(visit);
  return [
    { key: 'name', heading: t.serviceName, text: ({ name }) => name },
    { key: 'url', heading: t.url, text: ({ url }) => url },
    removeColumn(visit, 'timestamping'),
  ];
}

function removeColumn({ texts }: Visit, kind: string) {
  return {
    key: 'act',
    heading: '',
    text: () => '',
    show: ({ entryId, name }: { readonly entryId: string; readonly name: string }) => (
      <a
        class="ds-link"
        href={`${path}/${kind}/${encodeURIComponent(entryId)}/remove`}
        aria-label={`${texts.remove}: ${name}`}
      >
        {texts.remove}
      </a>
    ),
  };
}

function certificationPage(visit: Visit, values: Values, problems: readonly FormProblem[]): PageContent {
  const t = textsOf(visit);
  const shared = { values, problems };
  return {
    title: t.addCertification,
    lead: t.trustServicesLead,
    crumbs: [{ href: path, text: t.trustServices }],
    body: (
      <Form
        action={`${path}/certification/new`}
        submit={t.addCertification}
        problems={problems}
        cancel={path}
      >
        <Field name="name" label={t.serviceName} maxLength={255} {...shared} />
        <Field name="profile" label={t.profile} hint={t.profileHint} maxLength={255} isCode {...shared} />
        <Field
          name="ocsp"
          label={t.ocsp}
          hint={t.ocspHint}
          type="url"
          maxLength={500}
          isOptional
          {...shared}
        />
        <CertificateField visit={visit} {...shared} />
      </Form>
    ),
  };
}

function timestampingPage(visit: Visit, values: Values, problems: readonly FormProblem[]): PageContent {
  const t = textsOf(visit);
  const shared = { values, problems };
  return {
    title: t.addTimestamping,
    lead: t.trustServicesLead,
    crumbs: [{ href: path, text: t.trustServices }],
    body: (
      <Form action={`${path}/timestamping/new`} submit={t.addTimestamping} problems={problems} cancel={path}>
        <Field name="name" label={t.serviceName} maxLength={255} {...shared} />
        <Field name="url" label={t.url} type="url" maxLength={500} {...shared} />
        <CertificateField visit={visit} {...shared} />
      </Form>
    ),
  };
}

interface CertificateProps {
  readonly visit: Visit;
  readonly values: Values;
  readonly problems: readonly FormProblem[];
}

function CertificateField({ visit, values, problems }: CertificateProps) {
  const t = textsOf(visit);
  return (
    <Field
      name="certificate"
      label={t.certificate}
      hint={t.certificateHint}
      values={values}
      problems={problems}
      lines={8}
      maxLength={65_536}
      isCode
    />
  );
}
