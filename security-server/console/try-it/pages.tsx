import {
  Copyable,
  Details,
  Facts,
  Field,
  Form,
  type FormProblem,
  Notice,
  type PageContent,
  type Pages,
  readAll,
  Section,
  SelectField,
  submit,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import { type ExampleCall, examplesOf } from '../../example-calls/index.ts';
import { textsOf } from './texts.ts';

interface TrialAnswer {
  readonly messageId: string;
  readonly status: number;
  readonly errorCode?: string;
  readonly contentType: string;
  /** Base64. */
  readonly body: string;
  readonly durationMs: number;
}

const fields = [
  'client',
  'provider',
  'serviceCode',
  'method',
  'path',
  'contentType',
  'body',
  'issue',
] as const;
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

/** A real exchange, made in the browser, with what came of it. */
export function addTryItPages(pages: Pages): void {
  pages.get('/try-it', (visit) => {
    const asked = fields.map((name) => [name, visit.url.searchParams.get(name)?.slice(0, 4_000)] as const);
    const given = asked.filter(([, value]) => value !== undefined);
    return tryPage(visit, { method: 'GET', ...Object.fromEntries(given) }, []);
  });
  pages.post('/try-it', (visit, form) =>
    submit(form, {
      fields,
      act: async (values) => {
        const given = Object.entries(values).filter(([, value]) => value !== '');
        const answer = await visit.api.send<TrialAnswer>('POST', '/api/v1/trials', Object.fromEntries(given));
        return tryPage(visit, values, [], answer);
      },
      again: (values, problems) => tryPage(visit, values, problems),
    }),
  );
}

async function tryPage(
  visit: Visit,
  values: Values,
  problems: readonly FormProblem[],
  answer?: TrialAnswer,
): Promise<PageContent> {
  const t = textsOf(visit);
  const all = await readAll<{ readonly id: string; readonly status: string }>(visit.api, '/api/v1/clients');
  const clients = all.filter(({ status }) => status === 'registered');
  const common = { values, problems };
  return {
    title: t.title,
    lead: t.lead,
    body: (
      <>
        {answer !== undefined && <AnswerPart visit={visit} values={values} answer={answer} />}
        {clients.length === 0 && <Notice kind="info">{t.noClients}</Notice>}
        <Form action="/try-it" submit={t.call} problems={problems}>
          <SelectField
            name="client"
            label={t.client}
            choices={clients.map(({ id }) => ({ value: id, text: id }))}
            {...common}
          />
          <Field
            name="provider"
            label={t.provider}
            hint={t.providerHint}
            maxLength={2_000}
            isCode
            {...common}
          />
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
          <Field name="contentType" label={t.contentType} maxLength={200} isOptional {...common} />
          <Field name="body" label={t.body} maxLength={256_000} lines={5} isCode isOptional {...common} />
          <Field name="issue" label={t.issue} hint={t.issueHint} maxLength={200} isOptional {...common} />
        </Form>
      </>
    ),
  };
}

interface AnswerProps {
  readonly visit: Visit;
  readonly values: Values;
  readonly answer: TrialAnswer;
}

function AnswerPart({ visit, values, answer }: AnswerProps) {
  const t = textsOf(visit);
  const { messageId, status, errorCode, durationMs } = answer;
  const isAuditor = visit.session?.roles.includes('auditor') === true;
  return (
    <Section title={t.answer}>
      <Notice
        kind={errorCode === undefined ? 'success' : 'danger'}
        heading={errorCode === undefined ? t.served : t.refused}
      >
        {errorCode === undefined ? undefined : <code>{errorCode}</code>}
      </Notice>
      <Facts
        rows={[
          [t.status, String(status)],
          [t.duration, t.milliseconds(Math.round(durationMs))],
          [t.messageId, <Copyable text={messageId} what={t.messageId} />],
          [t.content, <Body visit={visit} answer={answer} />],
        ]}
      />
      <p>
        {errorCode !== undefined && (
          <a class="ds-link" href={`/explain?${explainQuery(values)}`}>
            {t.explain}
          </a>
        )}{' '}
        {isAuditor && (
          <a class="ds-link" href={`/evidence/exchanges/${encodeURIComponent(messageId)}`}>
            {t.evidence}
          </a>
        )}
      </p>
      {examplesOf(exampleCallOf(values)).map(({ language, text }) => (
        <Details summary={`${t.example}: ${language}`}>
          <pre class="wg-pre">{text}</pre>
        </Details>
      ))}
    </Section>
  );
}

function Body({ visit, answer }: { readonly visit: Visit; readonly answer: TrialAnswer }) {
  const t = textsOf(visit);
  const bytes = Buffer.from(answer.body, 'base64');
  if (bytes.length === 0) return <span>{t.empty}</span>;
  const isText = /^text\/|json|xml|javascript/i.test(answer.contentType);
  if (!isText) return <span>{t.bytes(bytes.length)}</span>;
  return <pre class="wg-pre">{bytes.toString('utf8').slice(0, 20_000)}</pre>;
}

/** Where an information system finds its security server; it knows the address, this page does not. */
const server = 'https://security-server.example';

/** The same call, for examples of it in programs. */
function exampleCallOf(values: Values): ExampleCall {
  const { client = '', provider = '', serviceCode = '', method = 'GET', path = '', body = '' } = values;
  const slashed = (id: string) => id.replaceAll(':', '/');
  const type = values['contentType'] || 'application/json';
  return {
    ...{ server, connectionType: 'NOSSL', method },
    target: `/r1/${slashed(provider)}/${encodeURIComponent(serviceCode)}${path}`,
    headers: [['X-Road-Client', slashed(client)], ...(body === '' ? [] : [['Content-Type', type] as const])],
    ...(body !== '' && { body }),
  };
}

/** The same call, for the page that explains it. */
function explainQuery({ client = '', provider = '', serviceCode = '', method = '', path = '' }: Values) {
  const bare = path.split('?', 1)[0] ?? '';
  return new URLSearchParams({ client, provider, serviceCode, method, path: bare });
}
