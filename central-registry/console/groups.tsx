import {
  addConfirmedAct,
  apiPath,
  Copyable,
  DataTable,
  etagOf,
  Field,
  Form,
  type FormProblem,
  LinkButton,
  type Pages,
  readAll,
  Section,
  seeOther,
  submit,
  type Values,
  type Visit,
  viewTable,
} from '../../gateway/console/index.ts';
import type { Group } from './answers.ts';
import { textsOf } from './texts.ts';

const groupPath = (code: string) => `/groups/${encodeURIComponent(code)}`;

/** Global groups and who is in them. */
export function addGroupPages(pages: Pages): void {
  pages.get('/groups', (visit) => listPage(visit, {}, []));
  pages.post('/groups', (visit, form) =>
    submit(form, {
      fields: ['code', 'description'],
      act: async ({ code = '', description }) => {
        await visit.api.send('PUT', apiPath`/api/v1/global-groups/${code}`, { description });
        return seeOther(groupPath(code));
      },
      again: (values, problems) => listPage(visit, values, problems),
    }),
  );

  pages.get('/groups/:code', (visit) => groupPage(visit, {}, []));
  pages.post('/groups/:code', (visit, form) =>
    submit(form, {
      fields: ['id'],
      act: async ({ id }) => {
        await visit.api.send('POST', apiPath`/api/v1/global-groups/${visit.param('code')}/members`, { id });
        return seeOther(`${groupPath(visit.param('code'))}?done=saved`);
      },
      again: (values, problems) => groupPage(visit, values, problems),
    }),
  );

  pages.post('/groups/:code/description', (visit, form) =>
    submit(form, {
      fields: ['description'],
      act: async ({ description }) => {
        const path = apiPath`/api/v1/global-groups/${visit.param('code')}`;
        await visit.api.send('PUT', path, { description }, etagOf(form));
        return seeOther(`${groupPath(visit.param('code'))}?done=saved`);
      },
      again: (values, problems) => groupPage(visit, values, problems),
    }),
  );

  addConfirmedAct(pages, {
    path: '/groups/:code/remove',
    describe: (visit) => {
      const code = visit.param('code');
      return { ...removal(visit, code), happens: [textsOf(visit).removeGroupHappens(code)] };
    },
    act: async ({ api, param }) => {
      await api.send('DELETE', apiPath`/api/v1/global-groups/${param('code')}`);
      return '/groups?done=saved';
    },
  });
  addConfirmedAct(pages, {
    path: '/groups/:code/members/:client/remove',
    describe: (visit) => {
      const [code, client] = [visit.param('code'), visit.param('client')];
      return { ...removal(visit, client), happens: [textsOf(visit).removeGroupMemberHappens(client, code)] };
    },
    act: async ({ api, param }) => {
      await api.send('DELETE', apiPath`/api/v1/global-groups/${param('code')}/members/${param('client')}`);
      return `${groupPath(param('code'))}?done=saved`;
    },
  });
}

function removal(visit: Visit, what: string) {
  const code = visit.param('code');
  return {
    title: `${visit.texts.remove}: ${what}`,
    submit: visit.texts.remove,
    crumbs: [
      { href: '/groups', text: textsOf(visit).globalGroups },
      { href: groupPath(code), text: code },
    ],
    cancel: groupPath(code),
  };
}

async function listPage(visit: Visit, values: Values, problems: readonly FormProblem[]) {
  const t = textsOf(visit);
  const rows = await readAll<Group>(visit.api, '/api/v1/global-groups');
  const columns = [
    {
      key: 'code',
      heading: t.groupCode,
      text: ({ code }: Group) => code,
      show: ({ code }: Group) => (
        <a class="ds-link" href={groupPath(code)}>
          {code}
        </a>
      ),
    },
    { key: 'description', heading: t.description, text: ({ description }: Group) => description },
    { key: 'members', heading: t.groupMembers, text: ({ members }: Group) => String(members.length) },
  ];
  const view = viewTable(visit, { name: 'groups', caption: t.globalGroups, columns, rows });
  if (view instanceof Response) return view;
  return {
    title: t.globalGroups,
    lead: t.globalGroupsLead,
    ...(visit.url.searchParams.get('done') === 'saved' && { done: visit.texts.saved }),
    body: (
      <>
        <DataTable view={view} empty={{ title: t.noGroups }} />
        <Section title={t.addGroup}>
          <Form action="/groups" submit={visit.texts.save} problems={problems}>
            <Field name="code" label={t.groupCode} values={values} problems={problems} maxLength={255} />
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

async function groupPage(visit: Visit, values: Values, problems: readonly FormProblem[]) {
  const t = textsOf(visit);
  const code = visit.param('code');
  const { value: group, etag } = await visit.api.getTagged<Group>(apiPath`/api/v1/global-groups/${code}`);
  const columns = [
    {
      key: 'id',
      heading: t.memberOrSubsystem,
      text: (id: string) => id,
      show: (id: string) => <Copyable text={id} what={t.identifier} />,
    },
    {
      key: 'act',
      heading: '',
      text: () => '',
      show: (id: string) => (
        <a
          class="ds-link"
          href={`${groupPath(code)}/members/${encodeURIComponent(id)}/remove`}
          aria-label={`${visit.texts.remove}: ${id}`}
        >
          {visit.texts.remove}
        </a>
      ),
    },
  ];
  const view = viewTable(visit, { name: 'members', caption: t.groupMembers, columns, rows: group.members });
  if (view instanceof Response) return view;
  return {
    title: code,
    lead: group.description,
    crumbs: [{ href: '/groups', text: t.globalGroups }],
    ...(visit.url.searchParams.get('done') === 'saved' && { done: visit.texts.saved }),
    act: <LinkButton href={`${groupPath(code)}/remove`} text={visit.texts.remove} isQuiet />,
    body: (
      <>
        <DataTable view={view} empty={{ title: visit.texts.none }} />
        <Section title={t.description}>
          <Form
            action={`${groupPath(code)}/description`}
            submit={visit.texts.save}
            problems={'description' in values ? problems : []}
            etag={etag}
          >
            <Field
              name="description"
              label={t.description}
              values={{ description: values['description'] ?? group.description }}
              problems={problems}
              maxLength={255}
            />
          </Form>
        </Section>
        <Section title={t.addGroupMember}>
          <Form
            action={groupPath(code)}
            submit={t.addGroupMember}
            problems={'description' in values ? [] : problems}
          >
            <Field
              name="id"
              label={t.memberOrSubsystem}
              hint={t.identifierHint}
              values={values}
              problems={problems}
              maxLength={1100}
              isCode
            />
          </Form>
        </Section>
      </>
    ),
  };
}
