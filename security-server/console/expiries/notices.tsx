import {
  type Column,
  DataTable,
  Facts,
  Form,
  Instant,
  LinkButton,
  Notice,
  type PageContent,
  type Pages,
  Section,
  Tag,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import type { NoticeSettings, Notices, TestOutcome } from './answers.ts';
import { addNoticeSettings } from './settings-form.tsx';
import { textsOf } from './texts.ts';

/** Who is told of what ends: for system administrators. */
export function addNoticePages(pages: Pages): void {
  pages.get('/notices', (visit) => noticesPage(visit));
  for (const kind of ['mail', 'webhook']) {
    pages.post(`/notices/test-${kind}`, async (visit) =>
      noticesPage(
        visit,
        await visit.api.send<readonly TestOutcome[]>('POST', '/api/v1/notice-tests', { kind }),
      ),
    );
  }
  addNoticeSettings(pages);
}

async function noticesPage(visit: Visit, outcomes?: readonly TestOutcome[]): Promise<PageContent | Response> {
  const t = textsOf(visit);
  const [settings, notices] = await Promise.all([
    visit.api.get<NoticeSettings>('/api/v1/notice-settings'),
    visit.api.get<Notices>('/api/v1/notices'),
  ]);
  const rows = notices.sent;
  const view = viewTable(visit, { name: 'sent', caption: t.sent, columns: columns(visit), rows });
  if (view instanceof Response) return view;
  return {
    ...{ title: t.notices, lead: t.noticesLead },
    ...(visit.url.searchParams.get('done') === 'saved' && { done: visit.texts.saved }),
    crumbs: [{ href: '/expiries', text: t.title }],
    act: <LinkButton href="/notices/settings" text={t.settings} />,
    body: (
      <>
        {outcomes !== undefined && <Outcomes visit={visit} outcomes={outcomes} />}
        <Ways visit={visit} settings={settings} />
        <Receivers visit={visit} receivers={notices.receivers} />
        <Section title={t.sent}>
          <DataTable view={view} empty={{ title: t.noneSent, text: t.noneSentLead }} />
        </Section>
      </>
    ),
  };
}

function Outcomes({ visit, outcomes }: { readonly visit: Visit; readonly outcomes: readonly TestOutcome[] }) {
  const t = textsOf(visit);
  const isGood = outcomes.every(({ isSent }) => isSent);
  return (
    <Notice kind={isGood ? 'success' : 'danger'} heading={isGood ? t.testSent : t.testFailed}>
      <ul>
        {outcomes.map(({ receiver, problem }) => (
          <li>
            {problem === undefined
              ? `${receiver}: ${t.taken}`
              : `${receiver}: ${problem.text} (${problem.code}). ${t.remedies[problem.code] ?? problem.remedy}`}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function Ways({ visit, settings }: { readonly visit: Visit; readonly settings: NoticeSettings }) {
  const t = textsOf(visit);
  const { mail, webhook } = settings;
  if (mail === undefined && webhook === undefined) {
    return <Notice kind="warning">{t.nobodyIsTold}</Notice>;
  }
  return (
    <Section title={t.ways}>
      <Facts
        rows={[
          [t.mailServer, mail && `${mail.host}:${mail.port} (${t.securities[mail.security]})`],
          [t.sender, mail?.sender],
          [t.webhook, webhook?.url],
        ]}
      />
      <div class="wg-inline">
        {mail !== undefined && <Form action="/notices/test-mail" submit={t.testMail} isQuiet />}
        {webhook !== undefined && <Form action="/notices/test-webhook" submit={t.testWebhook} isQuiet />}
      </div>
    </Section>
  );
}

function Receivers({
  visit,
  receivers,
}: {
  readonly visit: Visit;
  readonly receivers: Notices['receivers'];
}) {
  const t = textsOf(visit);
  if (receivers.length === 0) return null;
  return (
    <div id="receivers" class="wg-sections" data-live="10">
      <Section title={t.receivers}>
        <Facts
          rows={receivers.map(({ receiver, waiting, failure }) => [
            receiver,
            failure === undefined ? (
              <Tag
                text={waiting === 0 ? t.nothingWaits : t.waiting(waiting)}
                color={waiting === 0 ? 'success' : 'info'}
              />
            ) : (
              <>
                <Tag
                  text={`${t.fails} (${t.waiting(waiting)})`}
                  meaning={`${failure.text} (${failure.code}). ${t.remedies[failure.code] ?? failure.remedy}`}
                  color="warning"
                />
                <div class="wg-hint">
                  {t.again} <Instant at={failure.nextAttemptAt} />
                </div>
              </>
            ),
          ])}
        />
      </Section>
    </div>
  );
}

function columns(visit: Visit): readonly Column<Notices['sent'][number]>[] {
  const t = textsOf(visit);
  return [
    { key: 'at', heading: t.sentAt, text: ({ at }) => at, show: ({ at }) => <Instant at={at} /> },
    { key: 'receiver', heading: t.receiver, text: ({ receiver }) => receiver },
    { key: 'days', heading: t.days, text: ({ days }) => String(days) },
    { key: 'expiry', heading: t.what, text: ({ expiry }) => expiry },
    {
      key: 'ends',
      heading: t.ends,
      text: ({ notAfter }) => notAfter,
      show: ({ notAfter }) => <Instant at={notAfter} />,
    },
  ];
}
