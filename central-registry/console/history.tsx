import {
  type Column,
  DataTable,
  Details,
  Download,
  Instant,
  type Pages,
  type Visit,
  viewTable,
} from '../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

type Row = Readonly<Record<string, string | number | null>>;

interface RowChange {
  readonly table: string;
  readonly key: string;
  readonly before: Row | null;
  readonly after: Row | null;
}

interface Entry {
  readonly index: number;
  readonly at: string;
  readonly by: string;
  readonly why?: string;
  readonly changes: readonly RowChange[];
}

const pageSize = 100;

/** Who changed what in the register, with what was there before and after. */
export function addHistoryPages(pages: Pages): void {
  pages.get('/history', async (visit) => {
    const t = textsOf(visit);
    const cursor = visit.url.searchParams.get('from');
    const from = cursor !== null && /^\d{1,15}$/.test(cursor) ? `&cursor=${cursor}` : '';
    const { items, next } = await visit.api.list<Entry>(`/api/v1/history?limit=${pageSize}${from}`);
    const table = { name: 'history', caption: t.history, columns: columns(visit), rows: items, pageSize };
    const view = viewTable(visit, table);
    if (view instanceof Response) return view;
    return {
      title: t.history,
      lead: t.historyLead,
      act: (
        <Download href="/history/checkpoint" text={visit.texts.checkpoint} name="history-checkpoint.txt" />
      ),
      body: (
        <>
          <DataTable view={view} empty={{ title: t.noHistory }} />
          {next !== undefined && (
            <p>
              <a class="ds-link" rel="next" href={`/history?from=${encodeURIComponent(next)}`}>
                {t.olderChanges}
              </a>
            </p>
          )}
          <p class="wg-hint">{visit.texts.checkpointLead}</p>
        </>
      ),
    };
  });

  pages.get('/history/checkpoint', async ({ api }) => {
    const note = await (await api.fetch('/api/v1/history/checkpoint')).text();
    const headers = {
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': 'attachment; filename="history-checkpoint.txt"',
    };
    return new Response(note, { headers });
  });
}

function columns(visit: Visit): readonly Column<Entry>[] {
  const t = textsOf(visit);
  const { texts } = visit;
  return [
    { key: 'index', heading: texts.id, text: ({ index }) => String(index) },
    { key: 'at', heading: texts.at, text: ({ at }) => at, show: ({ at }) => <Instant at={at} /> },
    { key: 'by', heading: texts.actor, text: ({ by }) => by },
    { key: 'why', heading: t.why, text: ({ why }) => why ?? '' },
    {
      key: 'changes',
      heading: t.changes,
      text: ({ changes }) => changes.map(({ table, key }) => `${table} ${key}`).join('; '),
      show: ({ changes }) => changes.map((change) => <Difference visit={visit} of={change} />),
    },
  ];
}

/** One row of the register: what changed in it, column by column. */
function Difference({ visit, of }: { readonly visit: Visit; readonly of: RowChange }) {
  const t = textsOf(visit);
  const { table, key, before, after } = of;
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const changed = names.filter((name) => before?.[name] !== after?.[name]);
  return (
    <Details summary={`${table} ${key}`}>
      <table class="ds-table" data-color="neutral" data-size="sm">
        <thead>
          <tr>
            <th scope="col">{visit.texts.field}</th>
            <th scope="col">{t.before}</th>
            <th scope="col">{t.after}</th>
          </tr>
        </thead>
        <tbody>
          {changed.map((name) => (
            <tr>
              <th scope="row">{name}</th>
              <td>{shown(before?.[name])}</td>
              <td>{shown(after?.[name])}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Details>
  );
}

/** Octets and documents are long: their beginning tells them apart, the API has them whole. */
function shown(value: string | number | null | undefined): string {
  const text = value === null || value === undefined ? '–' : String(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
