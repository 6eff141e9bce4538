import {
  type Column,
  DataTable,
  Field,
  Form,
  type FormProblem,
  Instant,
  LinkButton,
  type PageContent,
  type Pages,
  seeOther,
  submit,
  Tag,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { type OwnCertificate, stateOf } from './answers.ts';
import { addCertificatePage } from './certificate-page.tsx';
import type { Renewal } from './renewal.tsx';
import { renewalTextsOf } from './renewal-texts.ts';
import { textsOf } from './texts.ts';
import { certificateOf, certificatesOf } from './upload.ts';

/** Certificates of this server: what they serve for, imported, registered, switched, deleted. */
export function addCertificatePages(pages: Pages): void {
  pages.get('/certificates', listPage);
  pages.get('/certificates/import', (visit) => importPage(visit, []));
  pages.post('/certificates/import', (visit, form) =>
    submit(form, {
      fields: ['certificate', 'intermediates'],
      act: async () => {
        const certificate = await certificateOf(form, 'certificate');
        if (certificate === '') {
          return importPage(visit, [{ name: 'certificate', text: textsOf(visit).noFile }]);
        }
        const intermediates = await certificatesOf(form, 'intermediates');
        const { sha256 } = await visit.api.send<OwnCertificate>('POST', '/api/v1/certificates', {
          ...{ certificate, intermediates },
        });
        return seeOther(`/certificates/${sha256}?done=imported`);
      },
      again: (_values, problems) => importPage(visit, problems),
    }),
  );
  addCertificatePage(pages);
}

async function listPage(visit: Visit): Promise<PageContent | Response> {
  const t = textsOf(visit);
  const [rows, renewals] = await Promise.all([
    visit.api.get<readonly OwnCertificate[]>('/api/v1/certificates'),
    visit.api.get<readonly Renewal[]>('/api/v1/renewals'),
  ]);
  const view = viewTable(visit, {
    name: 'certificates',
    caption: t.certificates,
    columns: columns(visit, renewals),
    rows,
  });
  if (view instanceof Response) return view;
  return {
    ...{ title: t.certificates, lead: t.lead },
    ...(visit.url.searchParams.get('done') === 'removed' && { done: t.removed }),
    act: <LinkButton href="/certificates/import" text={t.import} />,
    body: (
      <div id="certificate-list" class="wg-sections" data-live="10">
        <DataTable view={view} empty={{ title: t.none, text: t.noneLead }} />
        <p>
          <LinkButton href="/keys/new" text={t.newKey} isQuiet />
        </p>
      </div>
    ),
  };
}

function columns(visit: Visit, renewals: readonly Renewal[]): readonly Column<OwnCertificate>[] {
  const t = textsOf(visit);
  const r = renewalTextsOf(visit);
  const renewalOf = ({ sha256 }: OwnCertificate) =>
    renewals.find(({ certificate, state }) => certificate === sha256 && state !== 'done');
  return [
    {
      key: 'subject',
      heading: t.subject,
      text: ({ subject }) => subject,
      show: ({ subject, sha256 }) => (
        <a class="ds-link" href={`/certificates/${sha256}`}>
          {subject}
        </a>
      ),
    },
    { key: 'use', heading: t.use, text: ({ use }) => t.uses[use] ?? use },
    { key: 'member', heading: t.member, text: ({ member }) => member ?? '–' },
    {
      key: 'state',
      heading: visit.texts.state,
      text: (own) => stateOf(visit, own).text,
      show: (own) => {
        const { text, color } = stateOf(visit, own);
        return <Tag text={text} color={color} />;
      },
    },
    {
      key: 'registration',
      heading: t.registration,
      text: ({ registration = '' }) => t.registrations[registration] ?? '–',
    },
    {
      key: 'ends',
      heading: t.ends,
      text: ({ notAfter }) => notAfter,
      show: ({ notAfter }) => <Instant at={notAfter} />,
    },
    {
      key: 'renews',
      heading: r.renewsAt,
      text: (own) => renewalOf(own)?.dueAt ?? '–',
      show: (own) => {
        const renewal = renewalOf(own);
        if (renewal === undefined) return '–';
        if (renewal.trouble !== undefined) return <Tag text={r.fails} color="warning" />;
        if (renewal.state === 'waiting') return <Instant at={renewal.dueAt} />;
        return <Tag text={r.states[renewal.state] ?? renewal.state} color="info" />;
      },
    },
  ];
}

function importPage(visit: Visit, problems: readonly FormProblem[]): PageContent {
  const t = textsOf(visit);
  return {
    ...{ title: t.import, lead: t.importLead, crumbs: [{ href: '/certificates', text: t.certificates }] },
    ...(problems.length > 0 && { status: 422, isRefused: true }),
    body: (
      <Form
        action="/certificates/import"
        submit={t.import}
        cancel="/certificates"
        problems={problems}
        isUpload
      >
        <Field name="certificate" label={t.file} hint={t.fileHint} type="file" problems={problems} />
        <Field
          name="intermediates"
          label={t.between}
          hint={t.betweenHint}
          type="file"
          isOptional
          problems={problems}
        />
      </Form>
    ),
  };
}
