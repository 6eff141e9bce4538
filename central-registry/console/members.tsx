import {
  addConfirmedAct,
  apiPath,
  type Column,
  Copyable,
  DataTable,
  etagOf,
  Facts,
  Field,
  Form,
  type FormProblem,
  LinkButton,
  type PageContent,
  type Pages,
  readAll,
  Section,
  SelectField,
  seeOther,
  submit,
  type Values,
  type Visit,
  viewTable,
} from '../../gateway/console/index.ts';
import { printEncoded } from '../../gateway/identifier/index.ts';
import type { MemberClass, Party } from './answers.ts';
import { subsystemsPart } from './subsystems.tsx';
import { textsOf } from './texts.ts';

const memberPath = (id: string) => `/members/${encodeURIComponent(id)}`;

/** Members: found by search, added, renamed and removed. */
export function addMemberPages(pages: Pages): void {
  pages.get('/members', async (visit) => {
    const t = textsOf(visit);
    const rows = await readAll<Party>(visit.api, '/api/v1/members');
    const view = viewTable(visit, { name: 'members', caption: t.members, columns: columns(visit), rows });
    if (view instanceof Response) return view;
    const done = { removed: t.memberRemoved }[visit.url.searchParams.get('done') ?? ''];
    return {
      title: t.members,
      lead: t.membersLead,
      ...(done !== undefined && { done }),
      act: (
        <>
          <LinkButton href="/members/new" text={t.addMember} />
          <LinkButton href="/member-classes" text={t.classes} isQuiet />
          <LinkButton href="/subsystems" text={t.findSubsystem} isQuiet />
        </>
      ),
      body: <DataTable view={view} empty={{ title: t.noMembers, text: t.noMembersLead }} />,
    };
  });

  pages.get('/members/new', (visit) => newPage(visit, {}, []));
  pages.post('/members/new', (visit, form) =>
    submit(form, {
      fields: ['memberClass', 'memberCode', 'name'],
      act: async ({ memberClass = '', memberCode = '', name }) => {
        const { instance } = visit.frame;
        const sent = printEncoded({ kind: 'MEMBER', instance, memberClass, memberCode });
        const { id } = await visit.api.send<Party>('POST', '/api/v1/members', { id: sent, name });
        return seeOther(`${memberPath(id)}?done=added`);
      },
      again: (values, problems) => newPage(visit, values, problems),
    }),
  );

  pages.get('/members/:member', (visit) => memberPage(visit, []));
  pages.post('/members/:member', (visit, form) => {
    const id = visit.param('member');
    return submit(form, {
      fields: ['name'],
      act: async ({ name }) => {
        await visit.api.send('PUT', apiPath`/api/v1/members/${id}`, { name }, etagOf(form));
        return seeOther(`${memberPath(id)}?done=saved`);
      },
      again: (values, problems) => memberPage(visit, problems, values),
    });
  });

  addConfirmedAct(pages, {
    path: '/members/:member/remove',
    describe: (visit) => {
      const t = textsOf(visit);
      const id = visit.param('member');
      return {
        title: `${visit.texts.remove}: ${id}`,
        submit: visit.texts.remove,
        crumbs: [
          { href: '/members', text: t.members },
          { href: memberPath(id), text: id },
        ],
        cancel: memberPath(id),
        happens: [t.removeMemberHappens(id)],
      };
    },
    act: async ({ api, param }) => {
      await api.send('DELETE', apiPath`/api/v1/members/${param('member')}`);
      return '/members?done=removed';
    },
  });
}

function columns(visit: Visit): readonly Column<Party>[] {
  const t = textsOf(visit);
  return [
    {
      key: 'name',
      heading: t.memberName,
      text: ({ name }) => name ?? '',
      show: ({ id, name }) => (
        <a class="ds-link" href={memberPath(id)}>
          {name === undefined || name === '' ? id : name}
        </a>
      ),
    },
    {
      key: 'id',
      heading: t.identifier,
      text: ({ id }) => id,
      show: ({ id }) => <Copyable text={id} what={t.identifier} />,
    },
    { key: 'class', heading: t.memberClass, text: ({ id }) => id.split(':')[1] ?? '' },
  ];
}

async function newPage(visit: Visit, values: Values, problems: readonly FormProblem[]): Promise<PageContent> {
  const t = textsOf(visit);
  const classes = await visit.api.get<readonly MemberClass[]>('/api/v1/member-classes');
  return {
    title: t.addMember,
    crumbs: [{ href: '/members', text: t.members }],
    body: (
      <Form action="/members/new" submit={t.addMember} problems={problems} cancel="/members">
        <SelectField
          name="memberClass"
          label={t.memberClass}
          choices={classes.map(({ code, description }) => ({
            value: code,
            text: `${code} – ${description}`,
          }))}
          values={values}
          problems={problems}
        />
        <Field
          name="memberCode"
          label={t.memberCode}
          hint={t.memberCodeHint}
          values={values}
          problems={problems}
          maxLength={255}
        />
        <Field name="name" label={t.memberName} values={values} problems={problems} maxLength={255} />
      </Form>
    ),
  };
}

async function memberPage(
  visit: Visit,
  problems: readonly FormProblem[],
  typed?: Values,
): Promise<PageContent | Response> {
  const t = textsOf(visit);
  const id = visit.param('member');
  const { value: member, etag } = await visit.api.getTagged<Party>(apiPath`/api/v1/members/${id}`);
  const subsystems = await subsystemsPart(visit, id);
  if (subsystems instanceof Response) return subsystems;
  const done = { added: t.memberAdded, saved: visit.texts.saved, removed: visit.texts.saved }[
    visit.url.searchParams.get('done') ?? ''
  ];
  return {
    title: member.name === undefined || member.name === '' ? id : member.name,
    crumbs: [{ href: '/members', text: t.members }],
    ...(done !== undefined && { done }),
    act: <LinkButton href={`${memberPath(id)}/remove`} text={visit.texts.remove} isQuiet />,
    body: (
      <>
        <Section title={t.member}>
          <Facts rows={[[t.identifier, <Copyable text={id} what={t.identifier} />]]} />
          <Form action={memberPath(id)} submit={visit.texts.save} problems={problems} etag={etag}>
            <Field
              name="name"
              label={t.memberName}
              values={typed ?? { name: member.name }}
              problems={problems}
              maxLength={255}
            />
          </Form>
        </Section>
        {subsystems}
      </>
    ),
  };
}
