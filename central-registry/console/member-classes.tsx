import {
  ApiRefusal,
  addConfirmedAct,
  apiPath,
  DataTable,
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
  viewTable,
} from '../../gateway/console/index.ts';
import type { MemberClass } from './answers.ts';
import { textsOf } from './texts.ts';

const path = '/member-classes';
const classPath = (code: string) => `${path}/${encodeURIComponent(code)}`;

/** Member classes: added, described anew, removed. */
export function addMemberClassPages(pages: Pages): void {
  pages.get(path, (visit) => draw(visit, {}, []));
  pages.post(path, (visit, form) =>
    submit(form, {
      fields: ['code', 'description'],
      act: async ({ code = '', description }) => {
        await add(visit, code, description);
        return seeOther(`${path}?done=saved`);
      },
      again: (values, problems) => draw(visit, values, problems),
    }),
  );
  pages.get(`${path}/:code`, (visit) => drawOne(visit, []));
  pages.post(`${path}/:code`, (visit, form) =>
    submit(form, {
      fields: ['description'],
      act: async ({ description }) => {
        const api = apiPath`/api/v1/member-classes/${visit.param('code')}`;
        await visit.api.send('PUT', api, { description }, etagOf(form));
        return seeOther(`${path}?done=saved`);
      },
      again: (values, problems) => drawOne(visit, problems, values),
    }),
  );
  addConfirmedAct(pages, {
    path: `${path}/:code/remove`,
    describe: (visit) => {
      const t = textsOf(visit);
      return {
        title: `${visit.texts.remove}: ${visit.param('code')}`,
        submit: visit.texts.remove,
        crumbs: [{ href: path, text: t.classes }],
        cancel: path,
        happens: [t.removeClassHappens(visit.param('code'))],
      };
    },
    act: async ({ api, param }) => {
      await api.send('DELETE', apiPath`/api/v1/member-classes/${param('code')}`);
      return `${path}?done=saved`;
    },
  });
}

/** @throws ApiRefusal exists, for one that is there: its own page changes it, from what it shows */
async function add(visit: Visit, code: string, description: string | undefined): Promise<void> {
  try {
    await visit.api.send('PUT', apiPath`/api/v1/member-classes/${code}`, { description });
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.code !== 'precondition-required') throw error;
    throw new ApiRefusal(409, { code: 'exists', detail: textsOf(visit).classExists(code) });
  }
}

async function drawOne(visit: Visit, problems: readonly FormProblem[], typed?: Values): Promise<PageContent> {
  const t = textsOf(visit);
  const code = visit.param('code');
  const { value, etag } = await visit.api.getTagged<MemberClass>(apiPath`/api/v1/member-classes/${code}`);
  return {
    title: code,
    lead: t.classesLead,
    crumbs: [
      { href: '/members', text: t.members },
      { href: path, text: t.classes },
    ],
    act: <LinkButton href={`${classPath(code)}/remove`} text={visit.texts.remove} isQuiet />,
    body: (
      <Form action={classPath(code)} submit={visit.texts.save} problems={problems} etag={etag} cancel={path}>
        <Field
          name="description"
          label={t.description}
          values={typed ?? { description: value.description }}
          problems={problems}
          maxLength={255}
        />
      </Form>
    ),
  };
}

async function draw(visit: Visit, values: Values, problems: readonly FormProblem[]) {
  const t = textsOf(visit);
  const rows = await visit.api.get<readonly MemberClass[]>('/api/v1/member-classes');
  const columns = [
    {
      key: 'code',
      heading: t.classCode,
      text: ({ code }: MemberClass) => code,
      show: ({ code }: MemberClass) => (
        <a class="ds-link" href={classPath(code)}>
          {code}
        </a>
      ),
    },
    { key: 'description', heading: t.description, text: ({ description }: MemberClass) => description },
    {
      key: 'act',
      heading: '',
      text: () => '',
      show: ({ code }: MemberClass) => (
        <a class="ds-link" href={`${classPath(code)}/remove`} aria-label={`${visit.texts.remove}: ${code}`}>
          {visit.texts.remove}
        </a>
      ),
    },
  ];
  const view = viewTable(visit, { name: 'classes', caption: t.classes, columns, rows });
  if (view instanceof Response) return view;
  return {
    title: t.classes,
    lead: t.classesLead,
    crumbs: [{ href: '/members', text: t.members }],
    ...(visit.url.searchParams.get('done') === 'saved' && { done: visit.texts.saved }),
    body: (
      <>
        <DataTable view={view} empty={{ title: t.noClassesYet }} />
        <Section title={t.addClass}>
          <Form action={path} submit={visit.texts.save} problems={problems}>
            <Field name="code" label={t.classCode} values={values} problems={problems} maxLength={255} />
            <Field
              name="description"
              label={t.description}
              values={values}
              problems={problems}
              maxLength={255}
            />
          </Form>
        </Section>
      </>
    ),
  };
}
