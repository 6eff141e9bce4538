import {
  addConfirmedAct,
  apiPath,
  type Column,
  DataTable,
  Field,
  Fingerprint,
  Form,
  type FormProblem,
  type PageContent,
  type Pages,
  Section,
  seeOther,
  submit,
  type Visit,
  viewTable,
} from '../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

interface TrustedAnchor {
  readonly instance: string;
  readonly sha224: string;
  readonly downloadUrls: readonly string[];
}

const path = '/federation';

/** Other instances, trusted by the anchors that they handed out. */
export function addFederationPages(pages: Pages): void {
  pages.get(path, (visit) => draw(visit, []));
  pages.post(path, (visit, form) =>
    submit(form, {
      fields: [],
      act: async () => {
        const file = form.get('file');
        const text = file instanceof File ? await file.text() : '';
        await visit.api.send('POST', '/api/v1/trusted-anchors', { file: text });
        return seeOther(`${path}?done=added`);
      },
      again: (_, problems) => draw(visit, problems),
    }),
  );
  addConfirmedAct(pages, {
    path: `${path}/:instance/remove`,
    describe: (visit) => {
      const t = textsOf(visit);
      return {
        title: `${visit.texts.remove}: ${visit.param('instance')}`,
        submit: visit.texts.remove,
        crumbs: [{ href: path, text: t.federation }],
        cancel: path,
        happens: [t.removeFederationHappens(visit.param('instance'))],
      };
    },
    act: async ({ api, param }) => {
      await api.send('DELETE', apiPath`/api/v1/trusted-anchors/${param('instance')}`);
      return `${path}?done=removed`;
    },
  });
}

function columns(visit: Visit): readonly Column<TrustedAnchor>[] {
  const t = textsOf(visit);
  return [
    { key: 'instance', heading: t.instance, text: ({ instance }) => instance },
    {
      key: 'anchor',
      heading: t.anchor,
      text: ({ sha224 }) => sha224,
      show: ({ sha224 }) => <Fingerprint hex={sha224} algorithm="SHA-224" />,
    },
    { key: 'url', heading: t.downloadUrl, text: ({ downloadUrls }) => downloadUrls.join(', ') },
    {
      key: 'act',
      heading: '',
      text: () => '',
      show: ({ instance }) => (
        <a
          class="ds-link"
          href={`${path}/${encodeURIComponent(instance)}/remove`}
          aria-label={`${visit.texts.remove}: ${instance}`}
        >
          {visit.texts.remove}
        </a>
      ),
    },
  ];
}

async function draw(visit: Visit, problems: readonly FormProblem[]): Promise<PageContent | Response> {
  const t = textsOf(visit);
  const rows = await visit.api.get<readonly TrustedAnchor[]>('/api/v1/trusted-anchors');
  const view = viewTable(visit, { name: 'instances', caption: t.federation, columns: columns(visit), rows });
  if (view instanceof Response) return view;
  const done = { added: t.federationAdded, removed: t.federationRemoved }[
    visit.url.searchParams.get('done') ?? ''
  ];
  return {
    title: t.federation,
    lead: t.federationLead,
    ...(done !== undefined && { done }),
    body: (
      <>
        <DataTable view={view} empty={{ title: t.noFederation }} />
        <Section title={t.trustInstance}>
          <Form action={path} submit={t.trustInstance} problems={problems} isUpload>
            <Field
              name="file"
              type="file"
              label={t.anchorFile}
              hint={t.anchorFileHint}
              problems={problems}
              accept=".xml,text/xml,application/xml"
            />
          </Form>
        </Section>
      </>
    ),
  };
}
