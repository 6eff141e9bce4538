import {
  type Column,
  DataTable,
  Download,
  Field,
  Form,
  type FormProblem,
  Notice,
  type PageContent,
  type Pages,
  Section,
  submit,
  type Values,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

interface Finding {
  readonly code: string;
  readonly place: string;
  readonly text: string;
}

interface CheckReport {
  readonly isClean: boolean;
  readonly findings: readonly Finding[];
  readonly omitted: number;
  readonly checked: number;
  readonly partitions: number;
  readonly isOpened: boolean;
}

/** The log itself: its checkpoint to keep, and the check of all of it. */
export function addLogPages(pages: Pages): void {
  pages.get('/evidence/log', (visit) => logPage(visit, {}, []));
  pages.post('/evidence/log', (visit, form) =>
    submit(form, {
      fields: ['note'],
      act: async ({ note = '' }) => {
        // Forms end lines with CR LF; a signed note has LF alone.
        const held = note === '' ? [] : [{ name: 'held', note: `${note.replaceAll('\r\n', '\n')}\n` }];
        const body = { heldCheckpoints: held };
        const report = await visit.api.send<CheckReport>('POST', '/api/v1/evidence/log/check', body);
        return logPage(visit, { note }, [], report);
      },
      again: (values, problems) => logPage(visit, values, problems),
    }),
  );
  pages.get('/evidence/log/checkpoint', async ({ api }) => {
    const note = await (await api.fetch('/api/v1/evidence/log/checkpoint')).text();
    const headers = {
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': 'attachment; filename="message-log-checkpoint.txt"',
    };
    return new Response(note, { headers });
  });
}

async function logPage(
  visit: Visit,
  values: Values,
  problems: readonly FormProblem[],
  report?: CheckReport,
): Promise<PageContent> {
  const t = textsOf(visit);
  return {
    title: t.log,
    lead: t.logLead,
    crumbs: [{ href: '/evidence', text: t.title }],
    body: (
      <div class="wg-sections">
        {report !== undefined && <Report visit={visit} report={report} />}
        <Section title={t.checkpoint} lead={t.checkpointLead}>
          <p>
            <Download href="/evidence/log/checkpoint" text={t.download} name="message-log-checkpoint.txt" />
          </p>
        </Section>
        <Section title={t.check} lead={t.checkLead}>
          <Form action="/evidence/log" submit={t.check} problems={problems}>
            <Field
              name="note"
              label={t.held}
              hint={t.heldHint}
              values={values}
              problems={problems}
              lines={6}
              maxLength={10_000}
              isOptional
              isCode
            />
          </Form>
        </Section>
      </div>
    ),
  };
}

function Report({ visit, report }: { readonly visit: Visit; readonly report: CheckReport }) {
  const t = textsOf(visit);
  const { isClean, findings, omitted, checked, partitions, isOpened } = report;
  const columns: readonly Column<Finding>[] = [
    { key: 'place', heading: t.place, text: ({ place }) => place },
    { key: 'code', heading: t.what, text: ({ code }) => code },
    { key: 'text', heading: t.findings, text: ({ text }) => text },
  ];
  const table = { name: 'findings', caption: t.findings, columns, rows: findings, pageSize: 1_000 };
  const view = viewTable(visit, table);
  return (
    <>
      <Notice
        kind={isClean ? 'success' : 'danger'}
        heading={isClean ? t.clean : t.notClean(findings.length + omitted)}
      >
        {t.cleanMeans(checked, partitions)}
      </Notice>
      {!isOpened && <Notice kind="info">{t.sealed}</Notice>}
      {findings.length > 0 && !(view instanceof Response) && (
        <DataTable view={view} empty={{ title: t.clean }} />
      )}
      {omitted > 0 && <p>{t.omitted(omitted)}</p>}
    </>
  );
}
