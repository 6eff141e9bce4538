import {
  addConfirmedAct,
  apiPath,
  type Column,
  Copyable,
  DataTable,
  etagOf,
  Field,
  Form,
  type FormProblem,
  LinkButton,
  type Pages,
  Section,
  SelectField,
  seeOther,
  submit,
  type Values,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { clientPath, type KnownSubject, type LocalGroup } from './answers.ts';
import { crumbsOf } from './client.tsx';
import { mayEdit } from './state.tsx';
import { textsOf } from './texts.ts';

const groupsPath = (client: string) => `${clientPath(client)}/groups`;
const groupPath = (client: string, code: string) => `${groupsPath(client)}/${encodeURIComponent(code)}`;
const apiOf = ({ param }: Visit) =>
  apiPath`/api/v1/clients/${param('client')}/local-groups/${param('group')}`;

/** Subsystems that the search of a page finds at once. */
const maxFound = 50;

/** Groups that a client keeps, so that several subsystems are given a right at once. */
export function addGroupPages(pages: Pages): void {
  pages.get('/clients/:client/groups', (visit) => listPage(visit, {}, []));
  pages.post('/clients/:client/groups', (visit, form) =>
    submit(form, {
      fields: ['code', 'description'],
      act: async ({ code = '', description }) => {
        const client = visit.param('client');
        const path = apiPath`/api/v1/clients/${client}/local-groups/${code}`;
        await visit.api.send('PUT', path, { description, members: [] });
        return seeOther(groupPath(client, code));
      },
      again: (values, problems) => listPage(visit, values, problems),
    }),
  );
  pages.get('/clients/:client/groups/:group', (visit) => groupPage(visit, []));
  pages.post('/clients/:client/groups/:group', (visit, form) =>
    submit(form, {
      fields: ['member', 'description'],
      act: async ({ member = '', description }) => {
        const { value: group } = await visit.api.getTagged<LocalGroup>(apiOf(visit));
        const added = member === '' ? [] : [member.replace(/^(?:SUBSYSTEM|MEMBER):/, '')];
        const changed = {
          description: member === '' ? description : group.description,
          members: [...group.members, ...added],
        };
        await visit.api.send('PUT', apiOf(visit), changed, etagOf(form));
        return seeOther(`${groupPath(visit.param('client'), visit.param('group'))}?done=saved`);
      },
      again: (_values, problems) => groupPage(visit, problems),
    }),
  );
  addConfirmedAct(pages, {
    path: '/clients/:client/groups/:group/remove',
    describe: (visit) => ({ ...removal(visit), happens: [textsOf(visit).removeGroupHappens] }),
    act: async (visit) => {
      await visit.api.send('DELETE', `${apiOf(visit)}?confirm=rights-lost`);
      return `${groupsPath(visit.param('client'))}?done=saved`;
    },
  });
  addConfirmedAct(pages, {
    path: '/clients/:client/groups/:group/members/:member/remove',
    describe: (visit) => ({
      ...removal(visit),
      title: `${visit.texts.remove}: ${visit.param('member')}`,
      happens: [textsOf(visit).removeMemberHappens(visit.param('member'), visit.param('group'))],
    }),
    act: async (visit) => {
      const { value: group, etag } = await visit.api.getTagged<LocalGroup>(apiOf(visit));
      const members = group.members.filter((one) => one !== visit.param('member'));
      await visit.api.send('PUT', apiOf(visit), { description: group.description, members }, etag);
      return `${groupPath(visit.param('client'), visit.param('group'))}?done=saved`;
    },
  });
}

function removal(visit: Visit) {
  const [client, group] = [visit.param('client'), visit.param('group')];
  return {
    title: `${visit.texts.remove}: ${group}`,
    submit: visit.texts.remove,
    crumbs: [
      ...crumbsOf(visit),
      { href: groupsPath(client), text: textsOf(visit).groups },
      { href: groupPath(client, group), text: group },
    ],
    cancel: groupPath(client, group),
  };
}

async function listPage(visit: Visit, values: Values, problems: readonly FormProblem[]) {
  const t = textsOf(visit);
  const client = visit.param('client');
  const rows = await visit.api.get<readonly LocalGroup[]>(apiPath`/api/v1/clients/${client}/local-groups`);
  const columns: readonly Column<LocalGroup>[] = [
    {
      key: 'code',
      heading: t.groupCode,
      text: ({ code }) => code,
      show: ({ code }) => (
        <a class="ds-link" href={groupPath(client, code)}>
          {code}
        </a>
      ),
    },
    { key: 'description', heading: t.description, text: ({ description }) => description },
    { key: 'members', heading: t.groupMembers, text: ({ members }) => String(members.length) },
  ];
  const view = viewTable(visit, { name: 'groups', caption: t.groups, columns, rows });
  if (view instanceof Response) return view;
  return {
    title: t.groups,
    lead: t.groupsLead,
    crumbs: crumbsOf(visit),
    ...(visit.url.searchParams.get('done') === 'saved' && { done: visit.texts.saved }),
    body: (
      <>
        <DataTable view={view} empty={{ title: t.noGroups }} />
        {mayEdit(visit) && (
          <Section title={t.addGroup}>
            <Form action={groupsPath(client)} submit={visit.texts.save} problems={problems}>
              <Field name="code" label={t.groupCode} {...{ values, problems }} maxLength={255} />
              <Field
                name="description"
                label={t.description}
                {...{ values, problems }}
                maxLength={1_000}
                isOptional
              />
            </Form>
          </Section>
        )}
      </>
    ),
  };
}

async function groupPage(visit: Visit, problems: readonly FormProblem[]) {
  const t = textsOf(visit);
  const [client, code] = [visit.param('client'), visit.param('group')];
  const path = groupPath(client, code);
  const { value: group, etag } = await visit.api.getTagged<LocalGroup>(apiOf(visit));
  const columns: readonly Column<string>[] = [
    {
      key: 'id',
      heading: t.client,
      text: (id) => id,
      show: (id) => <Copyable text={id} what={t.client} />,
    },
    {
      key: 'act',
      heading: '',
      text: () => '',
      show: (id) =>
        mayEdit(visit) && (
          <a
            class="ds-link"
            href={`${path}/members/${encodeURIComponent(id)}/remove`}
            aria-label={`${visit.texts.remove}: ${id}`}
          >
            {visit.texts.remove}
          </a>
        ),
    },
  ];
  const view = viewTable(visit, { name: 'members', caption: t.groupMembers, columns, rows: group.members });
  if (view instanceof Response) return view;
  const search = visit.url.searchParams.get('q')?.trim().slice(0, 200) ?? '';
  const found = search === '' ? [] : await findClients(visit, search);
  return {
    title: code,
    lead: group.description,
    crumbs: [...crumbsOf(visit), { href: groupsPath(client), text: t.groups }],
    ...(visit.url.searchParams.get('done') === 'saved' && { done: visit.texts.saved }),
    ...(mayEdit(visit) && { act: <LinkButton href={`${path}/remove`} text={visit.texts.remove} isQuiet /> }),
    body: (
      <>
        <DataTable view={view} empty={{ title: visit.texts.none }} />
        {mayEdit(visit) && (
          <Section title={t.description}>
            <Form action={path} submit={visit.texts.save} etag={etag} isQuiet>
              <Field
                name="description"
                label={t.description}
                values={{ description: group.description }}
                maxLength={1_000}
                isOptional
              />
            </Form>
          </Section>
        )}
        {mayEdit(visit) && (
          <Section title={t.addMember} lead={t.addMemberLead}>
            <Form action={path} submit={t.find} isQuestion isQuiet>
              <Field
                name="q"
                label={t.findMember}
                hint={t.searchHint}
                values={{ q: search }}
                maxLength={200}
              />
            </Form>
            {search !== '' && found.length === 0 && <p>{visit.texts.nothingFound}</p>}
            {found.length > 0 && (
              <Form action={path} submit={t.addMember} problems={problems} etag={etag}>
                <SelectField
                  name="member"
                  label={t.client}
                  problems={problems}
                  choices={found.map(({ subject, name, memberName }) => ({
                    value: subject,
                    text: [subject, name, memberName].filter((one) => one !== undefined).join(' – '),
                  }))}
                />
              </Form>
            )}
          </Section>
        )}
      </>
    ),
  };
}

async function findClients(visit: Visit, search: string): Promise<readonly KnownSubject[]> {
  const query = new URLSearchParams({ q: search, limit: '1000' });
  const { items } = await visit.api.list<KnownSubject>(`/api/v1/subjects?${query}`);
  return items.filter(({ kind }) => kind === 'SUBSYSTEM' || kind === 'MEMBER').slice(0, maxFound);
}
