import type { Child } from 'hono/jsx';
import {
  addConfirmedAct,
  apiPath,
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
  seeOther,
  submit,
  type Values,
  type Visit,
  viewTable,
} from '../../gateway/console/index.ts';
import { encodeSegment } from '../../gateway/identifier/index.ts';
import type { Party } from './answers.ts';
import { textsOf } from './texts.ts';

const memberPath = (id: string) => `/members/${encodeURIComponent(id)}`;

/** The part of a member's page that lists its subsystems. */
export async function subsystemsPart(visit: Visit, member: string): Promise<Child | Response> {
  const t = textsOf(visit);
  const rows = await readAll<Party>(visit.api, `/api/v1/subsystems?member=${encodeURIComponent(member)}`);
  const columns = [
    {
      key: 'id',
      heading: t.identifier,
      text: ({ id }: Party) => id,
      show: ({ id }: Party) => <Copyable text={id} what={t.identifier} />,
    },
    { key: 'name', heading: t.subsystemName, text: ({ name }: Party) => name ?? '' },
    {
      key: 'act',
      heading: '',
      text: () => '',
      show: ({ id }: Party) => {
        const own = `${memberPath(member)}/subsystems/${encodeURIComponent(id)}`;
        return (
          <span class="wg-inline">
            <a class="ds-link" href={own} aria-label={`${t.renameSubsystem}: ${id}`}>
              {t.renameSubsystem}
            </a>
            <a class="ds-link" href={`${own}/remove`} aria-label={`${visit.texts.remove}: ${id}`}>
              {visit.texts.remove}
            </a>
          </span>
        );
      },
    },
  ];
  const view = viewTable(visit, { name: 'subsystems', caption: t.subsystems, columns, rows });
  if (view instanceof Response) return view;
  return (
    <Section title={t.subsystems} lead={t.subsystemsLead}>
      <DataTable view={view} empty={{ title: t.noSubsystems }} />
      <p>
        <LinkButton href={`${memberPath(member)}/subsystems/new`} text={t.addSubsystem} isQuiet />
      </p>
    </Section>
  );
}

/** Subsystems are added to their member, renamed and removed. */
export function addSubsystemPages(pages: Pages): void {
  const path = '/members/:member/subsystems';
  pages.get(`${path}/new`, (visit) => newPage(visit, {}, []));
  pages.post(`${path}/new`, (visit, form) =>
    submit(form, {
      fields: ['code', 'name'],
      act: async ({ code = '', name = '' }) => {
        const member = visit.param('member');
        const body = {
          id: `${member}:${encodeSegment(code).replaceAll(':', '%3A')}`,
          ...(name !== '' && { name }),
        };
        await visit.api.send('POST', '/api/v1/subsystems', body);
        return seeOther(`${memberPath(member)}?done=saved`);
      },
      again: (values, problems) => newPage(visit, values, problems),
    }),
  );
  pages.get(`${path}/:subsystem`, (visit) => renamePage(visit, []));
  pages.post(`${path}/:subsystem`, (visit, form) =>
    submit(form, {
      fields: ['name'],
      act: async ({ name = '' }) => {
        const body = name === '' ? {} : { name };
        await visit.api.send(
          'PUT',
          apiPath`/api/v1/subsystems/${visit.param('subsystem')}`,
          body,
          etagOf(form),
        );
        return seeOther(`${memberPath(visit.param('member'))}?done=saved`);
      },
      again: (values, problems) => renamePage(visit, problems, values),
    }),
  );
  addConfirmedAct(pages, {
    path: `${path}/:subsystem/remove`,
    describe: (visit) => {
      const t = textsOf(visit);
      const [member, id] = [visit.param('member'), visit.param('subsystem')];
      return {
        title: `${visit.texts.remove}: ${id}`,
        submit: visit.texts.remove,
        crumbs: crumbs(visit, member),
        cancel: memberPath(member),
        happens: [t.removeSubsystemHappens(id)],
      };
    },
    act: async ({ api, param }) => {
      await api.send('DELETE', apiPath`/api/v1/subsystems/${param('subsystem')}`);
      return `${memberPath(param('member'))}?done=removed`;
    },
  });
}

function crumbs(visit: Visit, member: string) {
  return [
    { href: '/members', text: textsOf(visit).members },
    { href: memberPath(member), text: member },
  ];
}

function newPage(visit: Visit, values: Values, problems: readonly FormProblem[]): PageContent {
  const t = textsOf(visit);
  const member = visit.param('member');
  return {
    title: t.addSubsystem,
    lead: t.subsystemsLead,
    crumbs: crumbs(visit, member),
    body: (
      <Form
        action={`${memberPath(member)}/subsystems/new`}
        submit={t.addSubsystem}
        problems={problems}
        cancel={memberPath(member)}
      >
        <Field name="code" label={t.subsystemCode} values={values} problems={problems} maxLength={255} />
        <Field
          name="name"
          label={t.subsystemName}
          values={values}
          problems={problems}
          maxLength={255}
          isOptional
        />
      </Form>
    ),
  };
}

async function renamePage(
  visit: Visit,
  problems: readonly FormProblem[],
  typed?: Values,
): Promise<PageContent> {
  const t = textsOf(visit);
  const [member, id] = [visit.param('member'), visit.param('subsystem')];
  const { value: subsystem, etag } = await visit.api.getTagged<Party>(apiPath`/api/v1/subsystems/${id}`);
  return {
    title: `${t.renameSubsystem}: ${id}`,
    crumbs: crumbs(visit, member),
    body: (
      <Section title={t.subsystem}>
        <Facts rows={[[t.identifier, <Copyable text={id} what={t.identifier} />]]} />
        <Form
          action={`${memberPath(member)}/subsystems/${encodeURIComponent(id)}`}
          submit={visit.texts.save}
          problems={problems}
          cancel={memberPath(member)}
          etag={etag}
        >
          <Field
            name="name"
            label={t.subsystemName}
            values={typed ?? { name: subsystem.name }}
            problems={problems}
            maxLength={255}
            isOptional
          />
        </Form>
      </Section>
    ),
  };
}
