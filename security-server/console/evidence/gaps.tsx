import {
  ask,
  type Column,
  Copyable,
  DataTable,
  Facts,
  Form,
  Instant,
  Notice,
  type PageContent,
  type Pages,
  Section,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { PartyField, PeriodFields } from './period-fields.tsx';
import { textsOf } from './texts.ts';

interface Gap {
  readonly pair: string;
  readonly after: number;
  readonly before: number | null;
  readonly missing: number;
}

interface GapReport {
  readonly countedFrom: { readonly at: string } | null;
  readonly countedTo: { readonly at: string } | null;
  readonly pairs: number;
  readonly records: number;
  readonly gaps: readonly Gap[];
  readonly omitted: number;
}

/** Whether anything is missing in a period. */
export function addGapPage(pages: Pages): void {
  pages.get('/evidence/gaps', async (visit): Promise<PageContent | Response> => {
    const t = textsOf(visit);
    const { answer, values, problems } = await ask(visit.url, ['from', 'to', 'party'], (query) =>
      visit.api.get<GapReport>(`/api/v1/evidence/gaps?${query}`),
    );
    const rows = answer?.gaps ?? [];
    const view = viewTable(visit, { name: 'gaps', caption: t.missing, columns: columns(visit), rows });
    if (view instanceof Response) return view;
    return {
      title: t.gaps,
      lead: t.gapsLead,
      crumbs: [{ href: '/evidence', text: t.title }],
      body: (
        <>
          <Form action="/evidence/gaps" submit={t.gapsSearch} problems={problems} isQuestion>
            <PeriodFields visit={visit} values={values} problems={problems} />
            <PartyField visit={visit} values={values} problems={problems} />
          </Form>
          {answer !== undefined && (
            <Section title={t.found}>
              <Outcome visit={visit} report={answer} />
              <Facts
                rows={[
                  [t.countedFrom, <Tally visit={visit} tally={answer.countedFrom} />],
                  [t.countedTo, <Tally visit={visit} tally={answer.countedTo} />],
                ]}
              />
              {rows.length > 0 && <DataTable view={view} empty={{ title: t.complete }} />}
            </Section>
          )}
        </>
      ),
    };
  });
}

function Outcome({ visit, report }: { readonly visit: Visit; readonly report: GapReport }) {
  const t = textsOf(visit);
  const { gaps, omitted, records, pairs } = report;
  if (gaps.length + omitted === 0) {
    return (
      <Notice kind="info" heading={t.complete}>
        {t.completeMeans(records, pairs)}
      </Notice>
    );
  }
  return (
    <Notice kind="danger" heading={t.incomplete(gaps.length + omitted)}>
      {omitted > 0 ? t.omitted(omitted) : undefined}
    </Notice>
  );
}

function Tally({ visit, tally }: { readonly visit: Visit; readonly tally: { readonly at: string } | null }) {
  return tally === null ? <span>{textsOf(visit).noTally}</span> : <Instant at={tally.at} />;
}

function columns(visit: Visit): readonly Column<Gap>[] {
  const t = textsOf(visit);
  return [
    {
      key: 'pair',
      heading: t.pair,
      text: ({ pair }) => pair,
      show: ({ pair }) => <Copyable text={pair} what={t.pair} />,
    },
    { key: 'missing', heading: t.missing, text: ({ missing }) => String(missing) },
    { key: 'after', heading: t.after, text: ({ after }) => String(after) },
    {
      key: 'before',
      heading: t.before,
      text: ({ before }) => (before === null ? t.toTheEnd : String(before)),
    },
  ];
}
