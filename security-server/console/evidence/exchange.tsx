import {
  apiPath,
  Details,
  Facts,
  Field,
  Form,
  type FormProblem,
  handOn,
  Notice,
  type PageContent,
  type Pages,
  Section,
  submit,
  Tag,
  type TagColor,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import type { JudgedStep, ShownExchanges, Verdict } from './answers.ts';
import { ExportFields, exportFields, orderExport } from './export-order.tsx';
import { exchangePath, explainPath } from './paths.ts';
import { RecordPart } from './record.tsx';
import { textsOf } from './texts.ts';

/** One message id: told, judged, proven; exported, and its contents opened for a purpose. */
export function addExchangePages(pages: Pages): void {
  pages.get('/evidence/exchanges/:queryId', (visit) => exchangePage(visit, {}, []));
  pages.post('/evidence/exchanges/:queryId', (visit, form) =>
    submit(form, {
      fields: exportFields,
      act: (values) =>
        orderExport(visit, form, { kind: 'exchange', queryId: visit.param('queryId') }, values),
      again: (values, problems) => exchangePage(visit, values, problems),
    }),
  );

  pages.get('/evidence/exchanges/:queryId/records/:index/bodies/:position', (visit) =>
    openingPage(visit, {}, []),
  );
  pages.post('/evidence/exchanges/:queryId/records/:index/bodies/:position', (visit, form) =>
    submit(form, {
      fields: ['purpose'],
      act: async ({ purpose }) => {
        const path = apiPath`/api/v1/evidence/records/${visit.param('index')}/body`;
        const body = { position: Number(visit.param('position')), purpose };
        return handOn(await visit.api.fetch(path, { method: 'POST', body }));
      },
      again: (values, problems) => openingPage(visit, values, problems),
    }),
  );
}

async function exchangePage(
  visit: Visit,
  values: Values,
  problems: readonly FormProblem[],
): Promise<PageContent> {
  const t = textsOf(visit);
  const queryId = visit.param('queryId');
  const path = apiPath`/api/v1/evidence/exchanges/${queryId}`;
  const { exchanges, verdict, areBodiesJudged } = await visit.api.get<ShownExchanges>(
    `${path}?language=${visit.language}`,
  );
  return {
    title: `${t.exchange} ${queryId}`,
    lead: t.exchangeLead,
    crumbs: [{ href: '/evidence', text: t.title }],
    body: (
      <div class="wg-sections">
        <VerdictNotice visit={visit} verdict={verdict} />
        <p>
          <a class="ds-link" href={explainPath(queryId)}>
            {t.explainThis}
          </a>
        </p>
        {!areBodiesJudged && <Notice kind="info">{t.bodiesNotJudged}</Notice>}
        {exchanges.map(({ requestId, sentences }) => (
          <Section title={t.told} lead={t.toldOf(requestId)}>
            <ol class="wg-told">
              {sentences.map((sentence) => (
                <li>{sentence}</li>
              ))}
            </ol>
          </Section>
        ))}
        <Section title={t.judged} lead={t.judgedLead}>
          <div lang="en">
            {verdict.steps.map((step) => (
              <StepPart visit={visit} step={step} />
            ))}
          </div>
        </Section>
        <Section title={t.proofs}>
          {exchanges
            .flatMap(({ records }) => records)
            .map((record) => (
              <RecordPart visit={visit} record={record} base={exchangePath(queryId)} />
            ))}
        </Section>
        <Section title={t.exportThis} lead={t.exportLead}>
          <Form action={exchangePath(queryId)} submit={t.download} problems={problems}>
            <ExportFields visit={visit} values={values} problems={problems} />
          </Form>
        </Section>
      </div>
    ),
  };
}

function VerdictNotice({ visit, verdict }: { readonly visit: Visit; readonly verdict: Verdict }) {
  const t = textsOf(visit);
  const { valid, code, reason, place, warnings } = verdict;
  return (
    <Notice kind={valid ? 'info' : 'danger'} heading={valid ? t.good : t.bad}>
      {valid ? (
        <p>{t.goodMeans}</p>
      ) : (
        <p lang="en">
          {place}: <code>{code}</code>: {reason}
        </p>
      )}
      {warnings.map((warning) => (
        <p lang="en">{warning}</p>
      ))}
    </Notice>
  );
}

const colors: Readonly<Record<JudgedStep['state'], TagColor>> = {
  good: 'success',
  bad: 'danger',
  absent: 'warning',
};

function StepPart({ visit, step }: { readonly visit: Visit; readonly step: JudgedStep }) {
  const t = textsOf(visit);
  const { about, state, code, text, details } = step;
  return (
    <Details summary={`${t.states[state]}: ${text}`} isOpen={state === 'bad'}>
      <p>
        <Tag text={t.states[state]} color={colors[state]} /> <code>{about}</code>{' '}
        {code !== null && <code>{code}</code>}
      </p>
      {details.length > 0 && <Facts rows={details.map(([name, value]) => [name, value] as const)} />}
    </Details>
  );
}

/** Before contents leave: what for. */
function openingPage(visit: Visit, values: Values, problems: readonly FormProblem[]): PageContent {
  const t = textsOf(visit);
  const [queryId, index, position] = [visit.param('queryId'), visit.param('index'), visit.param('position')];
  const what = position === '0' ? t.message : `${t.contents} ${position}`;
  return {
    title: t.openTitle(what, Number(index)),
    crumbs: [
      { href: '/evidence', text: t.title },
      { href: exchangePath(queryId), text: queryId },
    ],
    body: (
      <Section title={visit.texts.whatWillHappen}>
        <ul>
          <li>{t.openSaved}</li>
          <li>{t.openWritten}</li>
        </ul>
        <Form action={visit.url.pathname} submit={t.open} problems={problems} cancel={exchangePath(queryId)}>
          <Field
            name="purpose"
            label={t.purpose}
            hint={t.purposeHint}
            values={values}
            problems={problems}
            maxLength={500}
          />
        </Form>
      </Section>
    ),
  };
}
