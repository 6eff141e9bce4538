import { type Pages, seeOther } from '../answer.ts';
import { apiPath } from '../api-client.ts';
import { type Column, DataTable, viewTable } from '../components/data-table.tsx';
import { Csrf } from '../components/form.tsx';
import { Instant } from '../components/instant.tsx';
import { Facts, LinkButton, Section } from '../components/parts.tsx';
import { Tag } from '../components/tag.tsx';
import { textOf } from '../protect.ts';
import { sessionOf, type Visit } from '../visit.ts';

interface ListedSession {
  readonly id: string;
  readonly isCurrent: boolean;
  readonly address: string;
  readonly userAgent: string;
  readonly beganAt: string;
  readonly usedAt: string;
}

/** What people see of themselves: roles, password, second factor, sessions. */
export function addAccountPages(pages: Pages): void {
  pages.get('/account', async (visit) => {
    const { texts, api, url } = visit;
    const { name, roles, expiresAt, hasSecondFactor, recoveryCodesLeft } = sessionOf(visit);
    const rows = await api.get<readonly ListedSession[]>('/api/v1/sessions');
    const table = { name: 'sessions', caption: texts.sessions, rows, columns: columns(visit) };
    const view = viewTable(visit, table);
    if (view instanceof Response) return view;
    const done = {
      password: texts.passwordChanged,
      'factor-on': texts.secondFactorTurnedOn,
      'session-ended': texts.sessionEnded,
    }[url.searchParams.get('done') ?? ''];
    return {
      title: texts.account,
      lead: texts.accountLead,
      ...(done !== undefined && { done }),
      act: <LinkButton href="/api-keys" text={texts.apiKeys} isQuiet />,
      body: (
        <>
          <Section title={name}>
            <Facts
              rows={[
                [texts.yourRoles, roles.map((role) => texts.roles[role] ?? role).join(', ')],
                [texts.sessionEnds, expiresAt === undefined ? undefined : <Instant at={expiresAt} />],
              ]}
            />
            <p>
              <LinkButton href="/account/password" text={texts.changePassword} isQuiet />
            </p>
          </Section>
          <Section title={texts.secondFactor} lead={texts.secondFactorLead}>
            <Facts
              rows={[
                [
                  texts.state,
                  hasSecondFactor ? (
                    <Tag text={texts.secondFactorOn} color="success" />
                  ) : (
                    <Tag text={texts.secondFactorOff} color="warning" />
                  ),
                ],
                [texts.recoveryCodesLeft, recoveryCodesLeft],
              ]}
            />
            <p>
              {hasSecondFactor ? (
                <LinkButton href="/account/second-factor/remove" text={texts.turnOff} isQuiet />
              ) : (
                <LinkButton href="/account/second-factor" text={texts.turnOn} />
              )}
            </p>
          </Section>
          <Section title={texts.sessions} lead={texts.sessionsLead}>
            <DataTable view={view} empty={{ title: texts.none }} />
          </Section>
        </>
      ),
    };
  });

  pages.post('/account/sessions', async ({ api }, form) => {
    await api.send('DELETE', apiPath`/api/v1/sessions/${textOf(form, 'id')}`);
    return seeOther('/account?done=session-ended');
  });
}

function columns({ texts }: Visit): readonly Column<ListedSession>[] {
  return [
    { key: 'browser', heading: texts.browser, text: ({ userAgent }) => userAgent },
    { key: 'address', heading: texts.address, text: ({ address }) => address },
    {
      key: 'began',
      heading: texts.began,
      text: ({ beganAt }) => beganAt,
      show: ({ beganAt }) => <Instant at={beganAt} />,
    },
    {
      key: 'used',
      heading: texts.lastUsed,
      text: ({ usedAt }) => usedAt,
      show: ({ usedAt }) => <Instant at={usedAt} />,
    },
    {
      key: 'act',
      heading: '',
      text: ({ isCurrent }) => (isCurrent ? texts.thisOne : ''),
      show: ({ id, isCurrent }) =>
        isCurrent ? (
          <Tag text={texts.thisOne} color="info" />
        ) : (
          <form method="post" action="/account/sessions">
            <Csrf />
            <button
              class="ds-button"
              data-variant="secondary"
              data-size="sm"
              name="id"
              value={id}
              type="submit"
            >
              {texts.end}
            </button>
          </form>
        ),
    },
  ];
}
