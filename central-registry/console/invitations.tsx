import {
  addConfirmedAct,
  apiPath,
  type Column,
  Copyable,
  DataTable,
  Field,
  Form,
  type FormProblem,
  Instant,
  LinkButton,
  Notice,
  type PageContent,
  type Pages,
  readAll,
  SelectField,
  submit,
  type Values,
  type Visit,
  viewTable,
} from '../../gateway/console/index.ts';
import type { MemberClass } from './answers.ts';
import { addJoiningPage, invitationPath, JoiningState, type ListedInvitation } from './joining.tsx';
import { textsOf } from './texts.ts';

const fields = ['memberClass', 'memberCode', 'memberName', 'contact', 'serverCode', 'validHours'];

/** Administrations are invited, watched while they join, and decided about. */
export function addInvitationPages(pages: Pages): void {
  pages.get('/invitations', async (visit) => {
    const t = textsOf(visit);
    const rows = await readAll<ListedInvitation>(visit.api, '/api/v1/invitations');
    const view = viewTable(visit, {
      name: 'invitations',
      caption: t.invitations,
      columns: columns(visit),
      rows,
    });
    if (view instanceof Response) return view;
    return {
      title: t.invitations,
      lead: t.invitationsLead,
      act: <LinkButton href="/invitations/new" text={t.invite} />,
      body: <DataTable view={view} empty={{ title: t.noInvitations, text: t.noInvitationsLead }} />,
    };
  });

  pages.get('/invitations/new', (visit) => newPage(visit, { serverCode: 'ss1', validHours: '168' }, []));
  pages.post('/invitations/new', (visit, form) =>
    submit(form, {
      fields,
      act: async ({ validHours, ...rest }) => {
        const body = { ...rest, validHours: Number(validHours) };
        const made = await visit.api.send<{ id: string; invitation: string }>(
          'POST',
          '/api/v1/invitations',
          body,
        );
        return madePage(visit, made);
      },
      again: (values, problems) => newPage(visit, values, problems),
    }),
  );
  addJoiningPage(pages);
  addDecisions(pages);
}

function addDecisions(pages: Pages): void {
  addConfirmedAct(pages, {
    path: '/invitations/:id/approve',
    describe: async (visit) => {
      const t = textsOf(visit);
      const { memberName } = await visit.api.get<ListedInvitation>(
        apiPath`/api/v1/invitations/${visit.param('id')}`,
      );
      return { ...decision(visit, t.approve), happens: [t.approveJoining(memberName)], isDangerous: false };
    },
    act: async ({ api, param }) => {
      await api.send('POST', apiPath`/api/v1/invitations/${param('id')}/approve`);
      return `${invitationPath(param('id'))}?done=approved`;
    },
  });
  addConfirmedAct(pages, {
    path: '/invitations/:id/decline',
    fieldNames: ['reason'],
    describe: (visit) => {
      const t = textsOf(visit);
      return {
        ...decision(visit, t.decline),
        happens: [t.declineJoining],
        fields: (values, problems) => (
          <Field
            name="reason"
            label={t.reason}
            hint={t.reasonHint}
            values={values}
            problems={problems}
            maxLength={255}
          />
        ),
      };
    },
    act: async ({ api, param }, { reason }) => {
      await api.send('POST', apiPath`/api/v1/invitations/${param('id')}/decline`, { reason });
      return `${invitationPath(param('id'))}?done=declined`;
    },
  });
  addConfirmedAct(pages, {
    path: '/invitations/:id/withdraw',
    describe: (visit) => {
      const t = textsOf(visit);
      return { ...decision(visit, t.withdraw), happens: [t.withdrawHappens] };
    },
    act: async ({ api, param }) => {
      await api.send('DELETE', apiPath`/api/v1/invitations/${param('id')}`);
      return `${invitationPath(param('id'))}?done=withdrawn`;
    },
  });
}

function decision(visit: Visit, word: string) {
  const path = invitationPath(visit.param('id'));
  return {
    title: word,
    submit: word,
    crumbs: [{ href: '/invitations', text: textsOf(visit).invitations }],
    cancel: path,
  };
}

function columns(visit: Visit): readonly Column<ListedInvitation>[] {
  const t = textsOf(visit);
  return [
    {
      key: 'name',
      heading: t.memberName,
      text: ({ memberName }) => memberName,
      show: ({ id, memberName }) => (
        <a class="ds-link" href={invitationPath(id)}>
          {memberName}
        </a>
      ),
    },
    { key: 'member', heading: t.identifier, text: ({ member }) => member },
    {
      key: 'state',
      heading: t.status,
      text: ({ state, decision: made }) => t.invitationStates[made?.outcome ?? state],
      show: (one) => <JoiningState visit={visit} of={one} />,
    },
    {
      key: 'created',
      heading: t.invited,
      text: ({ createdAt }) => createdAt,
      show: ({ createdAt }) => <Instant at={createdAt} />,
    },
    {
      key: 'expires',
      heading: t.expires,
      text: ({ expiresAt }) => expiresAt,
      show: ({ expiresAt }) => <Instant at={expiresAt} />,
    },
  ];
}

async function newPage(visit: Visit, values: Values, problems: readonly FormProblem[]): Promise<PageContent> {
  const t = textsOf(visit);
  const classes = await visit.api.get<readonly MemberClass[]>('/api/v1/member-classes');
  const choices = classes.map(({ code, description }) => ({ value: code, text: `${code} – ${description}` }));
  const shared = { values, problems };
  return {
    title: t.invite,
    lead: t.inviteLead,
    crumbs: [{ href: '/invitations', text: t.invitations }],
    body: (
      <Form action="/invitations/new" submit={t.invite} problems={problems} cancel="/invitations">
        <SelectField name="memberClass" label={t.memberClass} choices={choices} {...shared} />
        <Field name="memberCode" label={t.memberCode} hint={t.memberCodeHint} maxLength={255} {...shared} />
        <Field name="memberName" label={t.memberName} maxLength={255} {...shared} />
        <Field name="contact" label={t.contact} hint={t.contactHint} maxLength={255} {...shared} />
        <Field name="serverCode" label={t.serverCode} maxLength={255} {...shared} />
        <Field name="validHours" label={t.validHours} type="number" {...shared} />
      </Form>
    ),
  };
}

/** The only time that the text is shown: the registry does not keep it. */
function madePage(
  visit: Visit,
  { id, invitation }: { readonly id: string; readonly invitation: string },
): PageContent {
  const t = textsOf(visit);
  return {
    title: t.invitationMade,
    lead: t.invitationHand,
    crumbs: [{ href: '/invitations', text: t.invitations }],
    body: (
      <>
        <Notice kind="success" heading={t.invitationText}>
          <p>
            <Copyable text={invitation} what={t.invitationText} />
          </p>
        </Notice>
        <p>
          {t.invitationCommand}: <Copyable text="waygate server join INVITATION" what={t.invitationCommand} />
        </p>
        <LinkButton href={invitationPath(id)} text={t.checklist} isQuiet />
      </>
    ),
  };
}
