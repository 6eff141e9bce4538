import {
  Download,
  Field,
  Fingerprint,
  Form,
  type FormProblem,
  handOn,
  type PageContent,
  type Pages,
  Section,
  submit,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import { ExportFields, exportFields, orderExport } from './export-order.tsx';
import { PartyField, PeriodFields } from './period-fields.tsx';
import { textsOf } from './texts.ts';

/** Evidence to take away: of a party's period, or of a case; and the page that judges it. */
export function addExportPages(pages: Pages): void {
  pages.get('/evidence/export', (visit) => exportPage(visit, {}));
  pages.post('/evidence/export/party', (visit, form) =>
    submit(form, {
      fields: [...exportFields, 'party', 'from', 'to'],
      act: (values) => {
        const { party, from, to } = values;
        return orderExport(visit, form, { kind: 'party', party, from, to }, values);
      },
      again: (values, problems) => exportPage(visit, { party: { values, problems } }),
    }),
  );
  pages.post('/evidence/export/case', (visit, form) =>
    submit(form, {
      fields: [...exportFields, 'title', 'queryIds'],
      act: (values) => {
        const queryIds = (values['queryIds'] ?? '').split(/\s+/).filter(Boolean);
        return orderExport(visit, form, { kind: 'case', title: values['title'], queryIds }, values);
      },
      again: (values, problems) => exportPage(visit, { case: { values, problems } }),
    }),
  );
  pages.get('/evidence/judge.html', async ({ api }) =>
    handOn(await api.fetch('/api/v1/evidence/judging-page')),
  );
}

interface Filled {
  readonly values: Values;
  readonly problems: readonly FormProblem[];
}

const empty: Filled = { values: {}, problems: [] };

async function exportPage(
  visit: Visit,
  filled: { readonly party?: Filled; readonly case?: Filled },
): Promise<PageContent> {
  const t = textsOf(visit);
  const { party = empty, case: ofCase = empty } = filled;
  const judging = await visit.api.fetch('/api/v1/evidence/judging-page');
  await judging.body?.cancel();
  return {
    title: t.export,
    lead: t.exportLead,
    crumbs: [{ href: '/evidence', text: t.title }],
    body: (
      <div class="wg-sections">
        <Section title={t.exportParty} lead={t.exportPartyLead}>
          <Form action="/evidence/export/party" submit={t.download} problems={party.problems}>
            <PartyField visit={visit} {...party} isNeeded />
            <PeriodFields visit={visit} {...party} isNeeded />
            <ExportFields visit={visit} {...party} />
          </Form>
        </Section>
        <Section title={t.exportCase}>
          <Form action="/evidence/export/case" submit={t.download} problems={ofCase.problems}>
            <Field name="title" label={t.caseTitle} {...ofCase} maxLength={1_024} />
            <Field name="queryIds" label={t.queryIds} hint={t.queryIdsHint} {...ofCase} lines={4} isCode />
            <ExportFields visit={visit} {...ofCase} />
          </Form>
        </Section>
        <Section title={t.judgingPage} lead={t.judgingPageLead}>
          <p>
            <Download href="/evidence/judge.html" text={t.download} name="judge.html" />
          </p>
          <p>{t.judgingPageFingerprint}</p>
          <Fingerprint hex={judging.headers.get('waygate-sha256') ?? ''} algorithm="SHA-256" />
        </Section>
      </div>
    ),
  };
}
