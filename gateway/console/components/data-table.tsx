import type { Child } from 'hono/jsx';
import { useVisit, type Visit } from '../visit.ts';
import { EmptyState } from './parts.tsx';
import { type TextColumn, toCsv, toJson } from './take-away.ts';

export interface Column<Row> extends TextColumn<Row> {
  readonly heading: string;
  /** How a page shows it; its text unless told. */
  readonly show?: (row: Row) => Child;
}

export interface TableView<Row> {
  /** Names the table on its page, and its file when taken away. */
  readonly name: string;
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  /** Rows that fit the search, sorted. */
  readonly rows: readonly Row[];
  /** How many there were before. */
  readonly total: number;
  readonly query: TableQuery;
  /** Cursor of the next page. */
  readonly next: string | undefined;
}

/** What the query string asks of a table. */
export interface TableQuery {
  readonly search: string;
  readonly sort: string | undefined;
  readonly isDescending: boolean;
  readonly cursor: string | undefined;
}

interface TableInput<Row> {
  readonly name: string;
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Rows on a page of the table; 100 unless told. */
  readonly pageSize?: number;
}

/** @param name of the table: pages with several tell their queries apart by it */
function readTableQuery(url: URL, name: string): TableQuery {
  const read = (key: string) => url.searchParams.get(`${name}.${key}`)?.slice(0, 200);
  const sort = read('sort') ?? '';
  return {
    search: read('search')?.trim() ?? '',
    sort: sort === '' ? undefined : sort.replace(/^-/, ''),
    isDescending: sort.startsWith('-'),
    cursor: read('cursor'),
  };
}

/**
 * Searches, sorts and cuts rows as the query string asks.
 * @returns a file in place of a view when the visitor takes the table away: everything that fits the search
 */
export function viewTable<Row>(visit: Visit, input: TableInput<Row>): TableView<Row> | Response {
  const { name, columns, rows, pageSize = 100 } = input;
  const query = readTableQuery(visit.url, name);
  const words = query.search.toLocaleLowerCase(visit.language).split(/\s+/).filter(Boolean);
  const fits = (row: Row) => {
    const text = columns
      .map((column) => column.text(row))
      .join('\n')
      .toLocaleLowerCase(visit.language);
    return words.every((word) => text.includes(word));
  };
  const found = words.length === 0 ? [...rows] : rows.filter(fits);
  const column = columns.find(({ key }) => key === query.sort);
  if (column !== undefined) {
    const { compare } = new Intl.Collator(visit.language, { numeric: true });
    const sign = query.isDescending ? -1 : 1;
    found.sort((a, b) => sign * compare(column.text(a), column.text(b)));
  }
  const format = visit.url.searchParams.get(`${name}.take`);
  if (format === 'csv' || format === 'json') return takeAway(name, columns, found, format);
  const start = Math.min(Math.max(Number(query.cursor ?? 0) || 0, 0), found.length);
  const end = Math.trunc(start) + pageSize;
  const next = end < found.length ? String(end) : undefined;
  return { ...input, rows: found.slice(Math.trunc(start), end), total: rows.length, query, next };
}

function takeAway<Row>(
  name: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  format: 'csv' | 'json',
) {
  const [text, type] =
    format === 'csv' ? [toCsv(columns, rows), 'text/csv'] : [toJson(columns, rows), 'application/json'];
  const headers = {
    'content-type': `${type}; charset=utf-8`,
    'content-disposition': `attachment; filename="${name}.${format}"`,
  };
  return new Response(text, { headers });
}

interface TableProps<Row> {
  readonly view: TableView<Row>;
  readonly empty: { readonly title: string; readonly text?: string };
}

/** A table that can be searched, sorted and taken away, with and without script. */
export function DataTable<Row>({ view, empty }: TableProps<Row>) {
  const { texts, url } = useVisit();
  const { name, caption, columns, rows, total, query, next } = view;
  if (total === 0) return <EmptyState title={empty.title}>{empty.text}</EmptyState>;
  const link = (changes: Readonly<Record<string, string | undefined>>) => linkTo(url, name, changes);
  return (
    <div class="wg-table" id={name}>
      <div class="wg-table-tools">
        <search>
          <form method="get">
            <input
              class="ds-input"
              type="search"
              name={`${name}.search`}
              value={query.search}
              maxlength={200}
              placeholder={texts.search}
              aria-label={texts.searchIn(caption)}
              data-filter={`${name}-rows`}
            />
            {query.sort !== undefined && (
              <input
                type="hidden"
                name={`${name}.sort`}
                value={`${query.isDescending ? '-' : ''}${query.sort}`}
              />
            )}
            <button class="ds-button" data-variant="secondary" data-size="sm" type="submit">
              {texts.search}
            </button>
            {query.search !== '' && (
              <a class="ds-link" href={link({ search: undefined, cursor: undefined })}>
                {texts.clearSearch}
              </a>
            )}
          </form>
        </search>
        <p class="wg-take">
          <span aria-hidden="true">{texts.takeAway}</span>
          {(['csv', 'json'] as const).map((format) => (
            <a
              class="ds-link"
              href={link({ take: format, cursor: undefined })}
              aria-label={texts.takeAwayAs(format.toUpperCase(), caption)}
              download=""
            >
              {format.toUpperCase()}
            </a>
          ))}
        </p>
      </div>
      <section class="wg-table-scroll" tabindex={0} aria-label={caption}>
        <table class="ds-table" data-color="neutral" data-hover>
          <caption>
            {caption} <span class="wg-hint">{texts.rows(rows.length, total)}</span>
          </caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <HeaderCell column={column} query={query} link={link} />
              ))}
            </tr>
          </thead>
          <tbody id={`${name}-rows`}>
            {rows.map((row) => (
              <tr>
                {columns.map((column, index) => {
                  const shown = column.show === undefined ? column.text(row) : column.show(row);
                  return index === 0 ? (
                    <th scope="row" data-label={column.heading}>
                      {shown}
                    </th>
                  ) : (
                    <td data-label={column.heading}>{shown}</td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {rows.length === 0 && <p>{texts.nothingFound}</p>}
      {(next !== undefined || query.cursor !== undefined) && (
        <p class="wg-paging">
          {query.cursor !== undefined && (
            <a class="ds-link" href={link({ cursor: undefined })}>
              {texts.firstPage}
            </a>
          )}
          {next !== undefined && (
            <a class="ds-link" rel="next" href={link({ cursor: next })}>
              {texts.nextPage}
            </a>
          )}
        </p>
      )}
    </div>
  );
}

interface HeaderProps<Row> {
  readonly column: Column<Row>;
  readonly query: TableQuery;
  readonly link: (changes: Readonly<Record<string, string | undefined>>) => string;
}

function HeaderCell<Row>({ column, query, link }: HeaderProps<Row>) {
  const { texts } = useVisit();
  if (column.heading === '') {
    return (
      <th scope="col">
        <span class="ds-sr-only">{texts.actions}</span>
      </th>
    );
  }
  const isSorted = query.sort === column.key;
  const order = isSorted ? (query.isDescending ? 'descending' : 'ascending') : undefined;
  const sort = isSorted && !query.isDescending ? `-${column.key}` : column.key;
  return (
    <th scope="col" data-sorted={order} aria-sort={order}>
      <a class="wg-sort" href={link({ sort, cursor: undefined })} title={texts.sortBy(column.heading)}>
        {column.heading}
      </a>
    </th>
  );
}

/** The page's own address with other wishes for one table. */
function linkTo(url: URL, name: string, changes: Readonly<Record<string, string | undefined>>): string {
  const params = new URLSearchParams(url.searchParams);
  params.delete(`${name}.take`);
  params.delete('done');
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) params.delete(`${name}.${key}`);
    else params.set(`${name}.${key}`, value);
  }
  const query = params.toString();
  return `${url.pathname}${query === '' ? '' : `?${query}`}${changes['take'] === undefined ? `#${name}` : ''}`;
}
