import {
  apiPath,
  ask,
  Facts,
  Field,
  Form,
  Instant,
  LinkButton,
  Notice,
  type PageContent,
  type Pages,
  Section,
  SelectField,
  Steps,
  type Visit,
} from '../../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

interface ExplainedStep {
  readonly id: string;
  readonly side: 'client' | 'provider';
  readonly state: 'passed' | 'refused' | 'not-reached';
  readonly code?: string;
  readonly text?: string;
  readonly saw: readonly (readonly [string, string])[];
  readonly mender?: string;
  readonly href?: string;
}

interface Explanation {
  readonly isAllowed: boolean;
  readonly isProviderHere: boolean;
  readonly code?: string;
  readonly steps: readonly ExplainedStep[];
}

interface PastExchange {
  readonly side: 'client' | 'provider';
  readonly at: string;
  readonly client: string;
  readonly provider: string;
  readonly serviceCode: string;
  readonly method?: string;
  readonly path?: string;
  readonly succeeded: boolean;
  readonly statusCode?: number;
  readonly code?: string;
  readonly text?: string;
  readonly now: Explanation;
}

const callFields = ['client', 'provider', 'serviceCode', 'method', 'path'] as const;
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

/** Why calls pass or do not. */
export function addExplainPages(pages: Pages): void {
  pages.get('/explain', async (visit): Promise<PageContent> => {
    const t = textsOf(visit);
    const call = await ask(visit.url, callFields, (query) =>
      visit.api.send<Explanation>('POST', '/api/v1/explanations', Object.fromEntries(query)),
    );
    const past = await ask(visit.url, ['messageId'], (query) =>
      visit.api.get<{ readonly exchanges: readonly PastExchange[] }>(
        apiPath`/api/v1/explanations/${query.get('messageId') ?? ''}`,
      ),
    );
    const values = { ...call.values, method: call.values['method'] || 'GET' };
    const common = { values, problems: call.problems };
    return {
      title: t.title,
      lead: t.lead,
      body: (
        <div class="wg-sections">
          {call.answer !== undefined && <ExplanationPart visit={visit} explanation={call.answer} />}
          {past.answer?.exchanges.map((exchange) => (
            <PastPart visit={visit} exchange={exchange} />
          ))}
          {past.answer?.exchanges.length === 0 && <Notice kind="info">{t.unknown}</Notice>}
          <Section title={t.hypothetical}>
            <Form action="/explain" submit={t.explain} problems={call.problems} isQuestion>
              <Field
                name="client"
                label={t.client}
                hint={t.clientHint}
                maxLength={2_000}
                isCode
                {...common}
              />
              <Field name="provider" label={t.provider} maxLength={2_000} isCode {...common} />
              <Field name="serviceCode" label={t.serviceCode} maxLength={255} isCode {...common} />
              <SelectField
                name="method"
                label={t.method}
                choices={methods.map((value) => ({ value, text: value }))}
                {...common}
              />
              <Field
                name="path"
                label={t.path}
                hint={t.pathHint}
                maxLength={4_000}
                isCode
                isOptional
                {...common}
              />
            </Form>
          </Section>
          <Section title={t.past}>
            <Form action="/explain" submit={t.look} problems={past.problems} isQuestion>
              <Field
                name="messageId"
                label={t.messageId}
                hint={t.messageIdHint}
                values={past.values}
                problems={past.problems}
                maxLength={1_024}
                isCode
              />
            </Form>
          </Section>
        </div>
      ),
    };
  });
}

interface ExplanationProps {
  readonly visit: Visit;
  readonly explanation: Explanation;
}

function ExplanationPart({ visit, explanation }: ExplanationProps) {
  const t = textsOf(visit);
  const { isAllowed, isProviderHere, code } = explanation;
  return (
    <Section title={t.asOfNow}>
      <Notice kind={isAllowed ? 'info' : 'danger'} heading={isAllowed ? t.allowed : t.refused}>
        {isAllowed ? isProviderHere ? undefined : <p>{t.allowedHere}</p> : <code>{code}</code>}
      </Notice>
      <StepList visit={visit} explanation={explanation} />
    </Section>
  );
}

const states = { passed: 'done', refused: 'failed', 'not-reached': 'waiting' } as const;

function StepList({ visit, explanation }: ExplanationProps) {
  const t = textsOf(visit);
  const nameOf = (id: string) => (t.steps as Readonly<Record<string, string>>)[id] ?? id;
  const whoIs = (id: string) => (t.menders as Readonly<Record<string, string>>)[id] ?? id;
  return (
    <Steps
      steps={explanation.steps.map(({ id, side, state, code, text, saw, mender, href }) => ({
        title: `${nameOf(id)} (${t.sides[side]})`,
        state: states[state],
        detail: (
          <>
            {text !== undefined && (
              <p lang="en">
                <code>{code}</code> {text}
              </p>
            )}
            {saw.length > 0 && <Facts rows={saw.map(([name, value]) => [name, value] as const)} />}
            {mender !== undefined && (
              <p>
                {t.mender}: {whoIs(mender)}
              </p>
            )}
            {href !== undefined && <LinkButton href={href} text={t.mend} isQuiet />}
          </>
        ),
      }))}
    />
  );
}

function PastPart({ visit, exchange }: { readonly visit: Visit; readonly exchange: PastExchange }) {
  const t = textsOf(visit);
  const { side, at, client, provider, serviceCode, method, path, succeeded, statusCode, code, text, now } =
    exchange;
  const called = [method, `${provider}:${serviceCode}`, path].filter(Boolean).join(' ');
  return (
    <>
      <Section title={`${t.ended}, ${t.sides[side]}`}>
        <Notice kind={succeeded ? 'info' : 'danger'} heading={succeeded ? t.succeeded : t.failed}>
          {code === undefined ? undefined : (
            <p lang="en">
              <code>{code}</code> {text}
            </p>
          )}
        </Notice>
        <Facts
          rows={[
            [t.at, <Instant at={at} />],
            [t.client, client],
            [t.call, called],
            [t.status, statusCode === undefined ? undefined : String(statusCode)],
          ]}
        />
      </Section>
      <ExplanationPart visit={visit} explanation={now} />
    </>
  );
}
