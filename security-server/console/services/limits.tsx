import {
  addConfirmedAct,
  apiPath,
  type Column,
  DataTable,
  etagOf,
  Field,
  Form,
  type FormProblem,
  Instant,
  type PageContent,
  type Pages,
  Section,
  SelectField,
  seeOther,
  submit,
  type Values,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { servicePath } from './answers.ts';
import { serviceCrumbs } from './crumbs.ts';
import { limitTextsOf } from './limit-texts.ts';

interface Limit {
  /** `each`, `all`, or an encoded client. */
  readonly consumer: string;
  readonly requests: number;
  readonly periodSeconds: number;
}

interface Count extends Limit {
  readonly count: number;
  readonly renewsAt: string;
}

const apiOf = ({ param }: Visit) =>
  apiPath`/api/v1/clients/${param('client')}/services/${param('service')}/limits`;
const pathOf = ({ param }: Visit) => `${servicePath(param('client'), param('service'))}/limits`;
/** Periods that most want; others are given in seconds over the API. */
const periods = [1, 60, 3_600, 86_400, 7 * 86_400] as const;
const fields = ['whose', 'consumer', 'requests', 'periodSeconds'] as const;

/** How many requests a service takes, of whom, and how many it has taken. */
export function addLimitPages(pages: Pages): void {
  pages.get('/clients/:client/services/:service/limits', (visit) => draw(visit, { whose: 'each' }, []));
  pages.post('/clients/:client/services/:service/limits', (visit, form) =>
    submit(form, {
      fields,
      act: async ({ whose = '', consumer = '', requests, periodSeconds }) => {
        const limits = await visit.api.get<readonly Limit[]>(apiOf(visit));
        const added = {
          consumer: whose === 'one' ? consumer : whose,
          ...{ requests: numberIn(requests), periodSeconds: numberIn(periodSeconds) },
        };
        const others = limits.filter((one) => !isSame(one, added));
        await visit.api.send('PUT', apiOf(visit), [...others, added], etagOf(form));
        return seeOther(`${pathOf(visit)}?done=saved`);
      },
      again: (values, problems) => draw(visit, values, problems.map(named)),
    }),
  );
  addConfirmedAct(pages, {
    path: '/clients/:client/services/:service/limits/remove/:consumer/:seconds',
    describe: (visit) => {
      const t = limitTextsOf(visit);
      const consumer = whoIs(visit, visit.param('consumer'));
      const happens = t.removeHappens(consumer, periodText(visit, Number(visit.param('seconds'))));
      return {
        title: t.remove,
        submit: visit.texts.remove,
        crumbs: [...serviceCrumbs(visit), { href: pathOf(visit), text: t.limits }],
        cancel: pathOf(visit),
        happens: [happens],
      };
    },
    act: async (visit) => {
      const { value, etag } = await visit.api.getTagged<readonly Limit[]>(apiOf(visit));
      const gone = { consumer: visit.param('consumer'), periodSeconds: Number(visit.param('seconds')) };
      await visit.api.send(
        'PUT',
        apiOf(visit),
        value.filter((one) => !isSame(one, gone)),
        etag,
      );
      return `${pathOf(visit)}?done=removed`;
    },
  });
}

function isSame(a: Omit<Limit, 'requests'>, b: Omit<Limit, 'requests'>): boolean {
  return a.consumer === b.consumer && a.periodSeconds === b.periodSeconds;
}

/** What is no number is sent as none, and refused by the API, which knows its bounds. */
function numberIn(text = ''): number {
  return /^\d{1,12}$/.test(text.trim()) ? Number(text) : Number.NaN;
}

/** Problems of the whole list name the place in it; that of the last limit is a field of the form. */
function named(problem: FormProblem): FormProblem {
  const [, name, text] = /^\/\d+\/(consumer|requests|periodSeconds): (.*)$/s.exec(problem.text) ?? [];
  return name === undefined || text === undefined ? problem : { ...problem, name, text };
}

async function draw(
  visit: Visit,
  values: Values,
  problems: readonly FormProblem[],
): Promise<PageContent | Response> {
  const t = limitTextsOf(visit);
  const { value: limits, etag } = await visit.api.getTagged<readonly Limit[]>(apiOf(visit));
  const counts = await visit.api.get<readonly Count[]>(`${apiOf(visit)}/counts`);
  const mayChange = visit.session?.roles.includes('service-administrator') === true;
  const limitView = viewTable(visit, {
    ...{ name: 'limits', caption: t.limits, rows: limits },
    columns: limitColumns(visit, mayChange),
  });
  if (limitView instanceof Response) return limitView;
  const countView = viewTable(visit, {
    ...{ name: 'counts', caption: t.counts, rows: counts },
    columns: countColumns(visit),
  });
  if (countView instanceof Response) return countView;
  const doneTexts: Readonly<Record<string, string>> = { saved: visit.texts.saved, removed: t.removed };
  const done = doneTexts[visit.url.searchParams.get('done') ?? ''];
  return {
    title: `${t.limits}: ${visit.param('service')}`,
    lead: t.lead,
    crumbs: serviceCrumbs(visit),
    ...(done !== undefined && { done }),
    body: (
      <div class="wg-sections">
        <DataTable view={limitView} empty={{ title: t.none, text: t.noneText }} />
        <Section title={t.counts} lead={t.countsLead}>
          <div id="limit-counts" data-live="10">
            <DataTable view={countView} empty={{ title: t.nothingCounted, text: t.nothingCountedText }} />
          </div>
        </Section>
        {mayChange && (
          <Section title={t.add} lead={t.addLead}>
            <Form action={pathOf(visit)} submit={visit.texts.save} problems={problems} etag={etag}>
              <SelectField
                name="whose"
                label={t.whose}
                choices={(['each', 'all', 'one'] as const).map((value) => ({ value, text: t.whoses[value] }))}
                values={values}
                problems={problems}
              />
              <Field
                name="consumer"
                label={t.consumer}
                hint={t.consumerHint}
                values={values}
                problems={problems}
                maxLength={2_000}
                isCode
                isOptional
              />
              <Field
                name="requests"
                label={t.requests}
                hint={t.requestsHint}
                values={values}
                problems={problems}
                maxLength={10}
                isNumeric
              />
              <SelectField
                name="periodSeconds"
                label={t.period}
                hint={t.periodHint}
                choices={periods.map((seconds) => ({
                  value: String(seconds),
                  text: periodText(visit, seconds),
                }))}
                values={{ periodSeconds: '60', ...values }}
                problems={problems}
              />
            </Form>
          </Section>
        )}
      </div>
    ),
  };
}

function limitColumns(visit: Visit, mayChange: boolean): readonly Column<Limit>[] {
  const t = limitTextsOf(visit);
  const remove: Column<Limit> = {
    ...{ key: 'remove', heading: '', text: () => '' },
    show: ({ consumer, periodSeconds }) => (
      <a
        class="ds-link"
        href={`${pathOf(visit)}/remove/${encodeURIComponent(consumer)}/${periodSeconds}`}
        aria-label={`${visit.texts.remove}: ${whoIs(visit, consumer)}, ${periodText(visit, periodSeconds)}`}
      >
        {visit.texts.remove}
      </a>
    ),
  };
  return [
    consumerColumn(visit),
    { key: 'requests', heading: t.requests, text: ({ requests }) => String(requests) },
    { key: 'period', heading: t.period, text: ({ periodSeconds }) => periodText(visit, periodSeconds) },
    ...(mayChange ? [remove] : []),
  ];
}

function countColumns(visit: Visit): readonly Column<Count>[] {
  const t = limitTextsOf(visit);
  return [
    consumerColumn(visit),
    { key: 'count', heading: t.used, text: ({ count, requests }) => t.usedOf(count, requests) },
    { key: 'period', heading: t.period, text: ({ periodSeconds }) => periodText(visit, periodSeconds) },
    {
      ...{ key: 'renewsAt', heading: t.renewsAt, text: ({ renewsAt }) => renewsAt },
      show: ({ renewsAt }) => <Instant at={renewsAt} />,
    },
  ];
}

function consumerColumn(visit: Visit): Column<Limit> {
  return {
    ...{ key: 'consumer', heading: limitTextsOf(visit).whose },
    text: ({ consumer }) => whoIs(visit, consumer),
  };
}

function whoIs(visit: Visit, consumer: string): string {
  const { whoses } = limitTextsOf(visit);
  return consumer === 'each' || consumer === 'all' ? whoses[consumer] : consumer;
}

function periodText(visit: Visit, seconds: number): string {
  const t = limitTextsOf(visit);
  return (t.periods as Readonly<Record<number, string>>)[seconds] ?? t.seconds(seconds);
}
