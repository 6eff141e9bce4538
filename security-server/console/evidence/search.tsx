import {
  type Asked,
  ask,
  type Column,
  DataTable,
  Details,
  Field,
  Form,
  Instant,
  type PageContent,
  type Pages,
  Section,
  SelectField,
  Tag,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { exchangePath, explainPath } from './paths.ts';
import { PartyField, PeriodFields } from './period-fields.tsx';
import { textsOf } from './texts.ts';

interface FoundRecord {
  readonly index: number;
  readonly at: string;
  readonly direction: 'request' | 'response';
  readonly side: 'client' | 'provider';
  readonly client: string;
  readonly service: string;
  readonly queryId: string;
  readonly userId: string | null;
  readonly issue: string | null;
  readonly status: number | null;
}

interface Page {
  readonly records: readonly FoundRecord[];
  readonly next: string | null;
}

const usual = ['from', 'to', 'party', 'queryId', 'userId', 'issue'] as const;
const more = ['client', 'service', 'requestId', 'direction', 'side', 'outcome'] as const;
const pageSize = 100;

/** Search in the message log. Nothing is asked of it before the form is sent: each search is written down. */
export function addSearchPage(pages: Pages): void {
  pages.get('/evidence', async (visit): Promise<PageContent | Response> => {
    const t = textsOf(visit);
    const asked = await ask<Page>(visit.url, [...usual, ...more, 'cursor'], (query) => {
      query.set('limit', String(pageSize));
      return visit.api.get(`/api/v1/evidence/records?${query}`);
    });
    const { answer } = asked;
    const rows = answer?.records ?? [];
    const table = { name: 'messages', caption: t.found, columns: columns(visit), rows, pageSize };
    const view = viewTable(visit, table);
    if (view instanceof Response) return view;
    return {
      title: t.title,
      lead: t.lead,
      body: (
        <>
          <SearchForm visit={visit} asked={asked} />
          {answer !== undefined && (
            <Section title={t.found} lead={t.newestFirst}>
              <DataTable view={view} empty={{ title: t.nothing, text: t.nothingHint }} />
              {answer.next !== null && (
                <p>
                  <a class="ds-link" rel="next" href={older(visit.url, answer.next)}>
                    {t.goOn}
                  </a>
                </p>
              )}
            </Section>
          )}
        </>
      ),
    };
  });
}

function SearchForm({ visit, asked }: { readonly visit: Visit; readonly asked: Asked<Page> }) {
  const t = textsOf(visit);
  const { values, problems } = asked;
  const isAny = { value: '', text: t.any };
  const choices = (texts: Readonly<Record<string, string>>) => [
    isAny,
    ...Object.entries(texts).map(([value, text]) => ({ value, text })),
  ];
  const common = { values, problems, isOptional: true, maxLength: 1_024 };
  const identifier = { ...common, maxLength: 2_000, isCode: true };
  return (
    <Form action="/evidence" submit={t.search} problems={problems} isQuestion>
      <PeriodFields visit={visit} values={values} problems={problems} />
      <PartyField visit={visit} values={values} problems={problems} />
      <Field name="queryId" label={t.queryId} hint={t.queryIdHint} {...common} isCode />
      <Field name="userId" label={t.userId} hint={t.userIdHint} {...common} />
      <Field name="issue" label={t.issue} hint={t.issueHint} {...common} />
      <Details summary={t.more} isOpen={more.some((name) => (values[name] ?? '') !== '')}>
        <Field name="client" label={t.client} hint={t.clientHint} {...identifier} />
        <Field name="service" label={t.service} hint={t.serviceHint} {...identifier} />
        <Field name="requestId" label={t.requestId} {...common} isCode />
        <SelectField name="outcome" label={t.outcome} choices={choices(t.outcomes)} {...common} />
        <SelectField name="direction" label={t.direction} choices={choices(t.directions)} {...common} />
        <SelectField name="side" label={t.side} choices={choices(t.sides)} {...common} />
      </Details>
    </Form>
  );
}

/** The same question, for what is older than this page. */
function older({ pathname, searchParams }: URL, cursor: string): string {
  const query = new URLSearchParams([...searchParams].filter(([name]) => !name.startsWith('messages.')));
  query.set('cursor', cursor);
  return `${pathname}?${query}`;
}

function columns(visit: Visit): readonly Column<FoundRecord>[] {
  const t = textsOf(visit);
  return [
    {
      key: 'queryId',
      heading: t.queryId,
      text: ({ queryId }) => queryId,
      show: ({ queryId }) => (
        <a class="ds-link" href={exchangePath(queryId)}>
          {queryId}
        </a>
      ),
    },
    { key: 'at', heading: t.at, text: ({ at }) => at, show: ({ at }) => <Instant at={at} /> },
    {
      key: 'direction',
      heading: t.direction,
      text: ({ direction, status }) => `${t.directions[direction]}${status === null ? '' : ` ${status}`}`,
      show: ({ direction, status, queryId }) => (
        <>
          {t.directions[direction]}{' '}
          {status !== null && <Tag text={String(status)} color={status < 400 ? 'success' : 'danger'} />}{' '}
          {status !== null && status >= 400 && (
            <a class="ds-link" href={explainPath(queryId)} aria-label={`${t.explainWhy} ${queryId}`}>
              {t.explainWhy}
            </a>
          )}
        </>
      ),
    },
    {
      key: 'parties',
      heading: t.parties,
      text: ({ client, service }) => `${client} → ${service}`,
      show: ({ client, service }) => (
        <>
          <code>{client}</code> → <code>{service}</code>
        </>
      ),
    },
    {
      key: 'about',
      heading: t.about,
      text: ({ userId, issue }) => [userId, issue].filter((one) => one !== null).join(', '),
    },
    { key: 'side', heading: t.side, text: ({ side }) => t.sides[side] },
  ];
}
