import {
  ask,
  type Column,
  Copyable,
  DataTable,
  Form,
  type PageContent,
  type Pages,
  Section,
  SelectField,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { PartyField, PeriodFields } from './period-fields.tsx';
import { textsOf } from './texts.ts';

interface StatisticsRow {
  readonly client: string;
  readonly provider: string;
  readonly service: string | null;
  readonly side: 'client' | 'provider';
  readonly requests: number;
  readonly responses: number;
  readonly failed: number;
  readonly bodyOctets: number;
  readonly firstDay: string;
  readonly lastDay: string;
}

interface Statistics {
  readonly rows: readonly StatisticsRow[];
  readonly omitted: number;
}

/** Who asks whom for what. */
export function addStatisticsPage(pages: Pages): void {
  pages.get('/evidence/statistics', async (visit): Promise<PageContent | Response> => {
    const t = textsOf(visit);
    const { answer, values, problems } = await ask(visit.url, ['from', 'to', 'party', 'per'], (query) =>
      visit.api.get<Statistics>(`/api/v1/evidence/statistics?${query}`),
    );
    const rows = answer?.rows ?? [];
    const table = { name: 'statistics', caption: t.statistics, columns: columns(visit), rows };
    const view = viewTable(visit, table);
    if (view instanceof Response) return view;
    return {
      title: t.statistics,
      lead: t.statisticsLead,
      crumbs: [{ href: '/evidence', text: t.title }],
      body: (
        <>
          <Form action="/evidence/statistics" submit={t.count} problems={problems} isQuestion>
            <PeriodFields visit={visit} values={values} problems={problems} />
            <PartyField visit={visit} values={values} problems={problems} />
            <SelectField
              name="per"
              label={t.per}
              values={{ per: values['per'] === '' ? 'service' : values['per'] }}
              problems={problems}
              choices={Object.entries(t.pers).map(([value, text]) => ({ value, text }))}
            />
          </Form>
          {answer !== undefined && (
            <Section title={t.found}>
              <DataTable view={view} empty={{ title: t.noStatistics, text: t.nothingHint }} />
              {answer.omitted > 0 && <p>{t.omitted(answer.omitted)}</p>}
            </Section>
          )}
        </>
      ),
    };
  });
}

function columns(visit: Visit): readonly Column<StatisticsRow>[] {
  const t = textsOf(visit);
  const count = (key: 'requests' | 'responses' | 'failed' | 'bodyOctets', heading: string) => ({
    ...{ key, heading },
    text: (row: StatisticsRow) => String(row[key]),
  });
  const party = (key: string, heading: string, text: (row: StatisticsRow) => string) => ({
    ...{ key, heading, text },
    show: (row: StatisticsRow) => <Copyable text={text(row)} what={heading} />,
  });
  return [
    party('client', t.client, ({ client }) => client),
    party('asked', t.asked, ({ service, provider }) => service ?? provider),
    { key: 'side', heading: t.side, text: ({ side }) => t.sides[side] },
    count('requests', t.requests),
    count('responses', t.responses),
    count('failed', t.failed),
    count('bodyOctets', t.octets),
    { key: 'firstDay', heading: t.firstDay, text: ({ firstDay }) => firstDay },
    { key: 'lastDay', heading: t.lastDay, text: ({ lastDay }) => lastDay },
  ];
}
