import {
  ApiRefusal,
  apiPath,
  type Column,
  DataTable,
  Details,
  Download,
  Facts,
  Instant,
  type Pages,
  type Visit,
  viewTable,
} from '../../gateway/console/index.ts';
import { addressOf, HistoryFilter, queryOf, readFilter } from './history-filter.tsx';
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
  /** The first of them. */
  readonly changes: readonly RowChange[];
  readonly changeCount: number;
}

const pageSize = 100;

/** Who changed what in the register, with what was there before and after. */
export function addHistoryPages(pages: Pages): void {
  pages.get('/history', async (visit) => {
    const t = textsOf(visit);
    const filter = readFilter(visit);
    const path = `/api/v1/history?limit=${pageSize}${cursorOf(visit)}&${queryOf(filter)}`;
    const { items, next } = await visit.api.list<Entry>(path);
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
          <HistoryFilter visit={visit} values={filter} />
          <DataTable view={view} empty={{ title: t.noHistory }} />
          <Further path="/history" query={addressOf(filter)} next={next} text={t.olderChanges} />
          <p class="wg-hint">{visit.texts.checkpointLead}</p>
        </>
      ),
    };
  });

  pages.get('/history/:index{\\d+}', async (visit) => {
    const t = textsOf(visit);
    const index = Number(visit.param('index'));
    const path = apiPath`/api/v1/history/${index}`;
    // The entry goes before the first that is left out.
    const [entry] = (await visit.api.list<Entry>(`/api/v1/history?limit=1&cursor=${index + 1}`)).items;
    if (entry?.index !== index) throw new ApiRefusal(404, { code: 'not-found' });
    const from = cursorOf(visit);
    const { items, next } = await visit.api.list<RowChange>(`${path}/changes?limit=${pageSize}${from}`);
    const table = { name: 'changes', caption: t.changes, columns: changeColumns(visit), rows: items };
    const view = viewTable(visit, { ...table, pageSize });
    if (view instanceof Response) return view;
    return {
      title: t.change(index),
      lead: t.allChanges(entry.changeCount),
      crumbs: [{ href: '/history', text: t.history }],
      act: (
        <Download href={`/history/${index}/proof`} text={t.entryWithProof} name={`history-${index}.json`} />
      ),
      body: (
        <>
          <Facts
            rows={[
              [visit.texts.at, <Instant at={entry.at} />],
              [visit.texts.actor, entry.by],
              [t.why, entry.why],
            ]}
          />
          <DataTable view={view} empty={{ title: t.noHistory }} />
          <Further path={`/history/${index}`} next={next} text={t.moreChanges} />
        </>
      ),
    };
  });

  pages.get('/history/:index{\\d+}/proof', async ({ api, param }) => {
    const index = Number(param('index'));
    const proof = await (await api.fetch(apiPath`/api/v1/history/${index}`)).text();
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': `attachment; filename="history-${index}.json"`,
    };
    return new Response(proof, { headers });
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

/** Where the page goes on, as a query of the API. */
function cursorOf({ url }: Visit): string {
  const cursor = url.searchParams.get('from');
  return cursor !== null && /^\d{1,15}$/.test(cursor) ? `&cursor=${cursor}` : '';
}

interface FurtherProps {
  readonly path: string;
  /** What else the address says. */
  readonly query?: string;
  readonly next: string | undefined;
  readonly text: string;
}

/** The way to what this page does not show any more. */
function Further({ path, query = '', next, text }: FurtherProps) {
  if (next === undefined) return null;
  return (
    <p>
      <a
        class="ds-link"
        rel="next"
        href={`${path}?from=${encodeURIComponent(next)}${query === '' ? '' : `&${query}`}`}
      >
        {text}
      </a>
    </p>
  );
}

function columns(visit: Visit): readonly Column<Entry>[] {
  const t = textsOf(visit);
  const { texts } = visit;
  return [
    {
      key: 'index',
      heading: texts.id,
      text: ({ index }) => String(index),
      show: ({ index }) => (
        <a class="ds-link" href={`/history/${index}`}>
          {t.change(index)}
        </a>
      ),
    },
    { key: 'at', heading: texts.at, text: ({ at }) => at, show: ({ at }) => <Instant at={at} /> },
    { key: 'by', heading: texts.actor, text: ({ by }) => by },
    { key: 'why', heading: t.why, text: ({ why }) => why ?? '' },
    {
      key: 'changes',
      heading: t.changes,
      text: ({ changes }) => changes.map(({ table, key }) => `${table} ${key}`).join('; '),
      show: ({ index, changes, changeCount }) => (
        <>
          {changes.map((change) => (
            <Difference visit={visit} of={change} />
          ))}
          {changeCount > changes.length && (
            <a class="ds-link" href={`/history/${index}`}>
              {t.allChanges(changeCount)}
            </a>
          )}
        </>
      ),
    },
  ];
}

function changeColumns(visit: Visit): readonly Column<RowChange>[] {
  const t = textsOf(visit);
  return [
    { key: 'key', heading: visit.texts.id, text: ({ key }) => key },
    { key: 'table', heading: t.table, text: ({ table }) => table },
    {
      key: 'difference',
      heading: t.changes,
      text: ({ before, after }) => JSON.stringify({ before, after }),
      show: (change) => <Difference visit={visit} of={change} />,
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
