import {
  addConfirmedAct,
  apiPath,
  type Column,
  Copyable,
  DataTable,
  Details,
  Facts,
  Field,
  Instant,
  LinkButton,
  type Pages,
  Section,
  Tag,
  type TagColor,
  type Visit,
  viewTable,
} from '../../gateway/console/index.ts';
import type { ManagementRequest } from './answers.ts';
import { Evidence } from './request-evidence.tsx';
import { textsOf } from './texts.ts';

type Status = ManagementRequest['status'];

const colors: Readonly<Record<Status, TagColor>> = {
  waiting: 'warning',
  approved: 'success',
  declined: 'danger',
  revoked: 'neutral',
};
/** A registry of years has tens of thousands: its page searches and sorts the latest. */
const atOnce = 500;
const requestPath = (id: string | number) => `/requests/${encodeURIComponent(id)}`;

/** Management requests: what servers ask for, with what was checked, and the decision. */
export function addRequestPages(pages: Pages): void {
  pages.get('/requests', async (visit) => {
    const t = textsOf(visit);
    const isOfWaiting = visit.url.searchParams.get('status') === 'waiting';
    const status = isOfWaiting ? '&status=waiting' : '';
    const from = visit.url.searchParams.get('from') ?? '';
    const cursor = /^\d{1,15}$/.test(from) ? `&cursor=${from}` : '';
    const path = `/api/v1/management-requests?limit=${atOnce}${status}${cursor}`;
    const { items: rows, next } = await visit.api.list<ManagementRequest>(path);
    const view = viewTable(visit, { name: 'requests', caption: t.requests, columns: columns(visit), rows });
    if (view instanceof Response) return view;
    return {
      title: t.requests,
      lead: t.requestsLead,
      act: isOfWaiting ? (
        <LinkButton href="/requests" text={t.allRequests} isQuiet />
      ) : (
        <LinkButton href="/requests?status=waiting" text={t.onlyWaiting} isQuiet />
      ),
      body: (
        <>
          <DataTable view={view} empty={{ title: t.noRequests }} />
          {next !== undefined && (
            <p>
              <a class="ds-link" rel="next" href={`/requests?from=${next}${status}`}>
                {t.olderRequests}
              </a>
            </p>
          )}
        </>
      ),
    };
  });

  pages.get('/requests/:id', async (visit) => {
    const t = textsOf(visit);
    const request = await readRequest(visit);
    const { id, kind, status } = request;
    const done = { approved: t.approved, declined: t.declined, revoked: t.revoked }[
      visit.url.searchParams.get('done') ?? ''
    ];
    return {
      title: `${t.request(id)}: ${t.kinds[kind] ?? kind}`,
      crumbs: [{ href: '/requests', text: t.requests }],
      ...(done !== undefined && { done }),
      ...(status === 'waiting' && {
        act: (
          <>
            <LinkButton href={`${requestPath(id)}/approve`} text={t.approve} />
            <LinkButton href={`${requestPath(id)}/decline`} text={t.decline} isQuiet />
            <LinkButton href={`${requestPath(id)}/revoke`} text={visit.texts.revoke} isQuiet />
          </>
        ),
      }),
      body: (
        <>
          <Section title={t.kinds[kind] ?? kind}>
            <RequestFacts visit={visit} request={request} />
          </Section>
          <Section title={t.evidence} lead={t.evidenceLead}>
            <Evidence visit={visit} of={request} />
          </Section>
        </>
      ),
    };
  });

  addConfirmedAct(pages, {
    path: '/requests/:id/approve',
    describe: async (visit) => {
      const t = textsOf(visit);
      const { kind } = await readRequest(visit);
      return {
        ...decision(visit, t.approve),
        happens: [t.approveHappens(t.kinds[kind] ?? kind)],
        isDangerous: false,
      };
    },
    act: async ({ api, param }) => {
      await api.send('POST', apiPath`/api/v1/management-requests/${param('id')}/approve`);
      return `${requestPath(param('id'))}?done=approved`;
    },
  });

  addConfirmedAct(pages, {
    path: '/requests/:id/decline',
    fieldNames: ['reason'],
    describe: (visit) => {
      const t = textsOf(visit);
      return {
        ...decision(visit, t.decline),
        happens: [t.declineHappens],
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
      await api.send('POST', apiPath`/api/v1/management-requests/${param('id')}/decline`, { reason });
      return `${requestPath(param('id'))}?done=declined`;
    },
  });

  addConfirmedAct(pages, {
    path: '/requests/:id/revoke',
    fieldNames: ['reason'],
    describe: (visit) => {
      const t = textsOf(visit);
      return {
        ...decision(visit, visit.texts.revoke),
        happens: [t.revokeHappens],
        fields: (values, problems) => (
          <Field
            name="reason"
            label={t.reason}
            hint={t.reasonHint}
            values={values}
            problems={problems}
            maxLength={255}
            isOptional
          />
        ),
      };
    },
    act: async ({ api, param }, { reason }) => {
      const body = reason === '' ? {} : { reason };
      await api.send('POST', apiPath`/api/v1/management-requests/${param('id')}/revoke`, body);
      return `${requestPath(param('id'))}?done=revoked`;
    },
  });
}

const readRequest = ({ api, param }: Visit) =>
  api.get<ManagementRequest>(apiPath`/api/v1/management-requests/${param('id')}`);

function decision(visit: Visit, word: string) {
  const t = textsOf(visit);
  const id = visit.param('id');
  return {
    title: `${word}: ${t.request(Number(id))}`,
    submit: word,
    crumbs: [
      { href: '/requests', text: t.requests },
      { href: requestPath(id), text: t.request(Number(id)) },
    ],
    cancel: requestPath(id),
  };
}

function RequestFacts({ visit, request }: { readonly visit: Visit; readonly request: ManagementRequest }) {
  const t = textsOf(visit);
  const { status, sender, server, client, subsystemName, address, message, reason } = request;
  return (
    <>
      <Facts
        rows={[
          [
            t.status,
            <Tag text={t.statuses[status]} color={colors[status]} meaning={t.statusMeanings[status]} />,
          ],
          [t.sender, <Copyable text={sender} what={t.sender} />],
          [t.server, <Copyable text={server} what={t.server} />],
          [t.client, client === undefined ? undefined : <Copyable text={client} what={t.client} />],
          [t.subsystemName, subsystemName],
          [t.address, address],
          [t.maintenance, message],
          [t.reason, reason],
          [t.createdAt, <Instant at={request.createdAt} />],
          [t.decidedAt, request.decidedAt === undefined ? undefined : <Instant at={request.decidedAt} />],
        ]}
      />
      {request.certificate !== undefined && (
        <Details summary={t.certificate}>
          <pre class="wg-pre">{request.certificate}</pre>
        </Details>
      )}
    </>
  );
}

function columns(visit: Visit): readonly Column<ManagementRequest>[] {
  const t = textsOf(visit);
  return [
    {
      key: 'id',
      heading: visit.texts.id,
      text: ({ id }) => String(id),
      show: ({ id }) => (
        <a class="ds-link" href={requestPath(id)}>
          {t.request(id)}
        </a>
      ),
    },
    { key: 'kind', heading: t.kind, text: ({ kind }) => t.kinds[kind] ?? kind },
    { key: 'sender', heading: t.sender, text: ({ sender }) => sender },
    { key: 'server', heading: t.server, text: ({ server }) => server },
    {
      key: 'status',
      heading: t.status,
      text: ({ status }) => t.statuses[status],
      show: ({ status }) => <Tag text={t.statuses[status]} color={colors[status]} />,
    },
    {
      key: 'created',
      heading: t.createdAt,
      text: ({ createdAt }) => createdAt,
      show: ({ createdAt }) => <Instant at={createdAt} />,
    },
  ];
}
