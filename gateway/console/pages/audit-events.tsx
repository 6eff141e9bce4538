import type { Pages } from '../answer.ts';
import { Copyable } from '../components/copyable.tsx';
import { type Column, DataTable, viewTable } from '../components/data-table.tsx';
import { Instant } from '../components/instant.tsx';
import { Details, Download } from '../components/parts.tsx';
import { Tag, type TagColor } from '../components/tag.tsx';
import type { Visit } from '../visit.ts';

interface AuditEvent {
  readonly index: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: 'done' | 'refused' | 'failed';
  readonly code?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

const colors: Readonly<Record<AuditEvent['outcome'], TagColor>> = {
  done: 'success',
  refused: 'warning',
  failed: 'danger',
};
const pageSize = 200;

/** Who did what, with the checkpoint that commits the log to it. */
export function addAuditPages(pages: Pages): void {
  pages.get('/audit-events', async (visit) => {
    const { texts, url, api } = visit;
    const before = url.searchParams.get('before');
    const from = before !== null && /^\d{1,15}$/.test(before) ? `&before=${before}` : '';
    const events = await api.get<readonly AuditEvent[]>(`/api/v1/audit-events?limit=${pageSize}${from}`);
    const table = {
      ...{ name: 'audit-events', caption: texts.auditEvents, columns: columns(visit) },
      ...{ rows: events, pageSize },
    };
    const view = viewTable(visit, table);
    if (view instanceof Response) return view;
    const last = events.at(-1);
    return {
      title: texts.auditEvents,
      lead: texts.auditLead,
      act: (
        <Download href="/audit-events/checkpoint" text={texts.checkpoint} name="audit-log-checkpoint.txt" />
      ),
      body: (
        <>
          <DataTable view={view} empty={{ title: texts.noEvents, text: texts.noEventsLead }} />
          {events.length === pageSize && last !== undefined && (
            <p>
              <a class="ds-link" rel="next" href={`/audit-events?before=${last.index}`}>
                {texts.older}
              </a>
            </p>
          )}
          <p class="wg-hint">{texts.checkpointLead}</p>
        </>
      ),
    };
  });

  pages.get('/audit-events/checkpoint', async ({ api }) => {
    const note = await (await api.fetch('/api/v1/audit-events/checkpoint')).text();
    const headers = {
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': 'attachment; filename="audit-log-checkpoint.txt"',
    };
    return new Response(note, { headers });
  });
}

function columns({ texts }: Visit): readonly Column<AuditEvent>[] {
  return [
    { key: 'at', heading: texts.at, text: ({ at }) => at, show: ({ at }) => <Instant at={at} /> },
    { key: 'actor', heading: texts.actor, text: ({ actor }) => actor },
    {
      key: 'action',
      heading: texts.action,
      text: ({ action, detail }) => `${action}${detail === undefined ? '' : ` ${JSON.stringify(detail)}`}`,
      show: ({ action, detail }) =>
        detail === undefined || Object.keys(detail).length === 0 ? (
          action
        ) : (
          <Details summary={action}>
            <pre class="wg-pre">{JSON.stringify(detail, null, 2)}</pre>
          </Details>
        ),
    },
    {
      key: 'target',
      heading: texts.target,
      text: ({ target }) => target,
      show: ({ target }) => <Copyable text={target} what={texts.target} />,
    },
    {
      key: 'outcome',
      heading: texts.outcome,
      text: ({ outcome, code }) => `${outcome}${code === undefined ? '' : ` ${code}`}`,
      show: ({ outcome, code }) => (
        <Tag
          text={texts.outcomes[outcome]}
          color={colors[outcome]}
          {...(code !== undefined && { meaning: code })}
        />
      ),
    },
  ];
}
