import {
  ask,
  type Column,
  Copyable,
  DataTable,
  Field,
  Form,
  Instant,
  type PageContent,
  type Pages,
  Section,
  SelectField,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { Chart } from './chart.tsx';
import { textsOf } from './texts.ts';

interface Sum {
  readonly exchanges: number;
  readonly failed: number;
  readonly medianMilliseconds: number;
  readonly p95Milliseconds: number;
  readonly longestMilliseconds: number;
}

interface Traffic {
  readonly stretches: readonly (Sum & { readonly at: string })[];
  readonly rows: readonly (Sum & { readonly name: string })[];
  readonly omitted: number;
  readonly total: Sum;
}

const fields = ['period', 'by', 'side', 'service', 'client'] as const;

/** Charts of what is exchanged, each with its table. */
export function addTrafficPages(pages: Pages): void {
  pages.get('/traffic', async (visit): Promise<PageContent | Response> => {
    const t = textsOf(visit);
    const url = new URL(visit.url);
    // Asked for nothing, it shows the last day.
    if (!url.searchParams.has('period')) url.searchParams.set('period', 'day');
    const { answer, values, problems } = await ask(url, fields, (query) =>
      visit.api.get<Traffic>(`/api/v1/traffic?${query}`),
    );
    const by = (values['by'] ?? '') === '' ? 'service' : (values['by'] as keyof typeof t.dimensions);
    const dimension = t.dimensions[by] ?? '';
    const sums = viewTable(visit, {
      ...{ name: 'sums', caption: t.sums(dimension), rows: answer?.rows ?? [] },
      columns: [nameColumn(dimension), ...sumColumns(visit)],
    });
    if (sums instanceof Response) return sums;
    const stretches = viewTable(visit, {
      ...{
        name: 'stretches',
        caption: t.stretches,
        rows: answer?.stretches.filter(({ exchanges }) => exchanges > 0) ?? [],
      },
      columns: [timeColumn(t.from), ...sumColumns(visit)],
    });
    if (stretches instanceof Response) return stretches;
    const shown = { ...values, by };
    return {
      title: t.title,
      lead: t.lead,
      body: (
        <div class="wg-sections">
          <Form action="/traffic" submit={t.show} problems={problems} isQuestion>
            {(['period', 'by', 'side'] as const).map((name) => (
              <SelectField
                name={name}
                label={t[name]}
                values={shown}
                problems={problems}
                choices={choicesOf(visit, name)}
              />
            ))}
            {(['service', 'client'] as const).map((name) => (
              <Field
                name={name}
                label={t[name]}
                hint={t.identifierHint}
                values={values}
                problems={problems}
                maxLength={500}
                isOptional
              />
            ))}
          </Form>
          {answer !== undefined && answer.total.exchanges > 0 && (
            <Section title={t.stretches}>
              <Chart
                label={t.exchangesChart}
                unit={t.unitCount}
                bars={answer.stretches.map(({ at, exchanges, failed }) => ({
                  ...{ at, value: exchanges, bad: failed },
                  text: `${at.slice(0, 16).replace('T', ' ')}: ${t.failedOf(failed, exchanges)}`,
                }))}
              />
              <Chart
                label={t.latencyChart}
                unit={t.unitMs}
                bars={answer.stretches.map(({ at, p95Milliseconds }) => ({
                  ...{ at, value: p95Milliseconds },
                  text: `${at.slice(0, 16).replace('T', ' ')}: ${t.within(p95Milliseconds)}`,
                }))}
              />
            </Section>
          )}
          <DataTable view={sums} empty={{ title: t.nothing, text: t.nothingText }} />
          {answer !== undefined && answer.omitted > 0 && <p class="wg-hint">{t.omitted(answer.omitted)}</p>}
          {answer !== undefined && answer.total.exchanges > 0 && (
            <DataTable view={stretches} empty={{ title: t.nothing }} />
          )}
        </div>
      ),
    };
  });
}

function choicesOf(visit: Visit, name: 'period' | 'by' | 'side') {
  const t = textsOf(visit);
  const texts = { period: t.periods, by: t.dimensions, side: t.sides }[name];
  return Object.entries(texts).map(([value, text]) => ({ value, text }));
}

function nameColumn(heading: string): Column<Sum & { readonly name: string }> {
  return {
    ...{ key: 'name', heading, text: (row) => row.name },
    show: (row) => <Copyable text={row.name} what={heading} />,
  };
}

function timeColumn(heading: string): Column<Sum & { readonly at: string }> {
  return {
    ...{ key: 'at', heading, text: (row) => row.at },
    show: (row) => <Instant at={row.at} />,
  };
}

function sumColumns(visit: Visit): readonly Column<Sum>[] {
  const t = textsOf(visit);
  const ms = (value: number) => `${Math.round(value)} ms`;
  return [
    { key: 'exchanges', heading: t.exchanges, text: (row) => String(row.exchanges) },
    { key: 'failed', heading: t.failed, text: (row) => String(row.failed) },
    { key: 'median', heading: t.median, text: (row) => ms(row.medianMilliseconds) },
    { key: 'p95', heading: t.p95, text: (row) => ms(row.p95Milliseconds) },
    { key: 'longest', heading: t.longest, text: (row) => ms(row.longestMilliseconds) },
  ];
}
