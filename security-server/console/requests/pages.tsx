import {
  apiPath,
  type Column,
  Copyable,
  DataTable,
  Facts,
  Form,
  Instant,
  LinkButton,
  type PageContent,
  type Pages,
  Section,
  seeOther,
  Tag,
  type TagColor,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { addServerRequests } from './server-requests.tsx';
import { textsOf } from './texts.ts';

interface Sent {
  readonly id: number;
  readonly kind: string;
  readonly server: string;
  readonly client?: string;
  readonly subsystemName?: string;
  readonly address?: string;
  readonly certificateSha256?: string;
  readonly message?: string;
  readonly status: string;
  readonly requestId?: number;
  readonly reason?: string;
  readonly messageId: string;
  readonly sentAt: string;
  readonly changedAt: string;
}

const colors: Readonly<Record<string, TagColor>> = {
  ...{ sending: 'info', waiting: 'info', approved: 'success', checked: 'neutral' },
  ...{ declined: 'danger', revoked: 'neutral', failed: 'danger' },
};

/** Management requests of this server: how they stand, and those that are about the whole server. */
export function addRequestPages(pages: Pages): void {
  pages.get('/requests', listPage);
  pages.post('/requests/refresh', async ({ api }) => {
    await api.send('POST', '/api/v1/management-requests/refresh');
    return seeOther('/requests?done=refreshed');
  });
  addServerRequests(pages);
  pages.get('/requests/:id', async (visit) => {
    const path = apiPath`/api/v1/management-requests/${visit.param('id')}`;
    return requestPage(visit, await visit.api.get<Sent>(path));
  });
}

const aboutOf = ({ client, certificateSha256, address, message }: Sent) =>
  client ?? certificateSha256?.slice(0, 16) ?? address ?? message ?? '–';

async function listPage(visit: Visit): Promise<PageContent | Response> {
  const t = textsOf(visit);
  const rows = await visit.api.get<readonly Sent[]>('/api/v1/management-requests');
  const view = viewTable(visit, { name: 'requests', caption: t.requests, columns: columns(visit), rows });
  if (view instanceof Response) return view;
  const done = { refreshed: t.refreshed, asked: t.asked }[visit.url.searchParams.get('done') ?? ''];
  return {
    ...{ title: t.requests, lead: t.lead },
    ...(done !== undefined && { done }),
    body: (
      <>
        <Form action="/requests/refresh" submit={t.refresh} />
        <div id="request-list" data-live="10">
          <DataTable view={view} empty={{ title: t.none }} />
        </div>
        <Section title={t.forServer}>
          <p class="wg-inline">
            <LinkButton href="/requests/address" text={t.changeAddress} isQuiet />
            <LinkButton href="/requests/maintenance" text={t.beginMaintenance} isQuiet />
            <LinkButton href="/requests/maintenance-end" text={t.endMaintenance} isQuiet />
            <LinkButton href="/requests/owner" text={t.changeOwner} isQuiet />
          </p>
        </Section>
      </>
    ),
  };
}

function columns(visit: Visit): readonly Column<Sent>[] {
  const t = textsOf(visit);
  return [
    {
      key: 'kind',
      heading: t.kind,
      text: ({ kind }) => t.kinds[kind] ?? kind,
      show: ({ id, kind }) => (
        <a class="ds-link" href={`/requests/${id}`}>
          {t.kinds[kind] ?? kind}
        </a>
      ),
    },
    { key: 'about', heading: t.about, text: aboutOf },
    {
      key: 'state',
      heading: visit.texts.state,
      text: ({ status }) => t.states[status] ?? status,
      show: ({ status }) => <Tag text={t.states[status] ?? status} color={colors[status] ?? 'neutral'} />,
    },
    { key: 'reason', heading: t.reason, text: ({ reason }) => reason ?? '–' },
    {
      key: 'sent',
      heading: t.sentAt,
      text: ({ sentAt }) => sentAt,
      show: ({ sentAt }) => <Instant at={sentAt} />,
    },
  ];
}

function requestPage(visit: Visit, sent: Sent): PageContent {
  const t = textsOf(visit);
  const { id, kind, status, reason, client, certificateSha256, requestId, messageId } = sent;
  return {
    title: `${t.kinds[kind] ?? kind} (${id})`,
    crumbs: [{ href: '/requests', text: t.requests }],
    body: (
      <div id="request" data-live="10">
        <Facts
          rows={[
            [
              visit.texts.state,
              <Tag
                text={t.states[status] ?? status}
                meaning={t.meanings[status] ?? ''}
                color={colors[status] ?? 'neutral'}
              />,
            ],
            [t.reason, reason],
            [t.client, client && <Copyable text={client} what={t.client} />],
            [t.name, sent.subsystemName],
            [t.address, sent.address],
            [t.message, sent.message],
            [t.certificate, certificateSha256 && <Copyable text={certificateSha256} what={t.certificate} />],
            [t.server, <Copyable text={sent.server} what={t.server} />],
            [t.numberThere, requestId === undefined ? undefined : String(requestId)],
            [t.messageId, <Copyable text={messageId} what={t.messageId} />],
            [t.sentAt, <Instant at={sent.sentAt} />],
            [t.changedAt, <Instant at={sent.changedAt} />],
          ]}
        />
      </div>
    ),
  };
}
