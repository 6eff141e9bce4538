import type { Child } from 'hono/jsx';
import {
  apiPath,
  Copyable,
  Facts,
  Instant,
  LinkButton,
  type Pages,
  Section,
  type Step,
  type StepState,
  Steps,
  Tag,
  type TagColor,
  type Visit,
} from '../../gateway/console/index.ts';
import { type JoinStep, joinStepTitles } from '../../gateway/joining/index.ts';
import { textsOf } from './texts.ts';

/** An invitation in a list. */
export interface ListedInvitation {
  readonly id: string;
  readonly state: 'open' | 'used' | 'expired' | 'withdrawn';
  readonly member: string;
  readonly memberName: string;
  readonly contact: string;
  readonly serverCode: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expiresAt: string;
  readonly redeemedAt?: string;
  readonly address?: string;
  readonly subsystems?: readonly { readonly code: string; readonly name?: string }[];
  readonly decision?: {
    readonly outcome: 'approved' | 'declined';
    readonly reason?: string;
    readonly at: string;
    readonly by: string;
  };
}

interface Joining extends ListedInvitation {
  readonly checklist: readonly JoinStep[];
  readonly connections: readonly {
    readonly direction: string;
    readonly host: string;
    readonly port: number;
    readonly outcome: string;
  }[];
}

export const invitationPath = (id: string) => `/invitations/${encodeURIComponent(id)}`;

const colors: Readonly<Record<ListedInvitation['state'] | 'approved' | 'declined', TagColor>> = {
  open: 'info',
  used: 'warning',
  expired: 'neutral',
  withdrawn: 'neutral',
  approved: 'success',
  declined: 'danger',
};

const stepStates: Readonly<Record<JoinStep['state'], StepState>> = {
  pending: 'waiting',
  running: 'current',
  waiting: 'current',
  failed: 'failed',
  done: 'done',
};

/** Where a joining stands, in one word. */
export function JoiningState({ visit, of }: { readonly visit: Visit; readonly of: ListedInvitation }) {
  const state = of.decision?.outcome ?? of.state;
  return <Tag text={textsOf(visit).invitationStates[state]} color={colors[state]} />;
}

/** One joining, with the checklist that its joiner sees. */
export function addJoiningPage(pages: Pages): void {
  pages.get('/invitations/:id', async (visit) => {
    const t = textsOf(visit);
    const joining = await visit.api.get<Joining>(apiPath`/api/v1/invitations/${visit.param('id')}`);
    const done = { approved: t.joiningApproved, declined: t.joiningDeclined, withdrawn: t.withdrawn }[
      visit.url.searchParams.get('done') ?? ''
    ];
    return {
      title: joining.memberName,
      crumbs: [{ href: '/invitations', text: t.invitations }],
      ...(done !== undefined && { done }),
      act: acts(visit, joining),
      body: (
        <div id="joining" class="wg-sections" data-live="3">
          <JoiningFacts visit={visit} joining={joining} />
          <Section title={t.checklist} lead={t.checklistLead}>
            {joining.checklist.length === 0 ? (
              <p>{visit.texts.none}</p>
            ) : (
              <Steps steps={joining.checklist.map(showStep)} />
            )}
          </Section>
          {joining.connections.length > 0 && (
            <Section title={t.connections}>
              <Facts
                rows={joining.connections.map(({ host, port, outcome }) => [
                  `${host}:${port}`,
                  outcome === 'reached' ? (
                    <Tag text={t.reached} color="success" />
                  ) : (
                    <Tag text={t.notReached} color="danger" meaning={outcome} />
                  ),
                ])}
              />
            </Section>
          )}
        </div>
      ),
    };
  });
}

function acts(visit: Visit, { id, state, redeemedAt, decision }: Joining): Child {
  const t = textsOf(visit);
  if (decision !== undefined) return null;
  if (redeemedAt === undefined) {
    return state === 'open' ? (
      <LinkButton href={`${invitationPath(id)}/withdraw`} text={t.withdraw} isQuiet />
    ) : null;
  }
  return (
    <>
      <LinkButton href={`${invitationPath(id)}/approve`} text={t.approve} />
      <LinkButton href={`${invitationPath(id)}/decline`} text={t.decline} isQuiet />
    </>
  );
}

function JoiningFacts({ visit, joining }: { readonly visit: Visit; readonly joining: Joining }) {
  const t = textsOf(visit);
  const { member, contact, serverCode, createdAt, createdBy, expiresAt, address, subsystems, decision } =
    joining;
  return (
    <Section title={t.member}>
      <Facts
        rows={[
          [t.status, <JoiningState visit={visit} of={joining} />],
          [t.identifier, <Copyable text={member} what={t.identifier} />],
          [t.contact, contact],
          [t.serverCode, serverCode],
          [t.address, address],
          [
            t.subsystemsAsked,
            subsystems?.map(({ code, name }) => (name === undefined ? code : `${code} (${name})`)).join(', '),
          ],
          [
            t.invited,
            <>
              <Instant at={createdAt} /> · {createdBy}
            </>,
          ],
          [t.expires, <Instant at={expiresAt} />],
          [t.decidedBy, decision?.by],
          [t.reason, decision?.reason],
        ]}
      />
    </Section>
  );
}

function showStep({ code, state, detail, remedy, awaits }: JoinStep): Step {
  const said = [detail, remedy, state === 'waiting' ? awaits : undefined].filter(
    (text) => text !== undefined,
  );
  return {
    title: joinStepTitles[code],
    state: stepStates[state],
    ...(said.length > 0 && { detail: said.join(' · ') }),
  };
}
