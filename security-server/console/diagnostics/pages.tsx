import {
  type Answer,
  DataTable,
  type FormProblem,
  type PageContent,
  type Pages,
  Section,
  submit,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import { DiagnosisList } from './diagnosis-list.tsx';
import type { Probe, Report } from './report.ts';
import { State } from './state.tsx';
import { askedTable, certificateTable, connectionTable } from './tables.tsx';
import { resultPage, Tests, testsPath } from './tests.tsx';
import { textsOf } from './texts.ts';

const fields = ['provider', 'owner', 'serviceCode', 'serviceVersion'] as const;
/** Whose questions the API answers. */
const testers = ['system-administrator', 'security-officer', 'registration-officer', 'service-administrator'];

interface Again {
  readonly kind: string;
  readonly values: Values;
  readonly problems: readonly FormProblem[];
}

/** What is wrong with the server and how to mend it; tests of its connections. */
export function addDiagnosticsPages(pages: Pages): void {
  pages.get('/diagnostics', (visit) => page(visit));
  for (const kind of ['registry', 'peer', 'service'] as const) {
    pages.post(`${testsPath}/${kind}`, (visit, form) =>
      submit(form, {
        fields,
        act: async (values) => {
          const path = `/api/v1/diagnostics/probes?language=${visit.language}`;
          return resultPage(
            visit,
            await visit.api.send<readonly Probe[]>('POST', path, question(kind, values)),
          );
        },
        again: (values, problems) => page(visit, { kind, values, problems }),
      }),
    );
  }
}

function question(kind: 'registry' | 'peer' | 'service', values: Readonly<Record<string, string>>): object {
  const { provider, owner, serviceCode, serviceVersion } = values;
  if (kind === 'registry') return { kind };
  if (kind === 'peer') return { kind, provider };
  return { kind, provider: owner, serviceCode, ...(serviceVersion !== '' && { serviceVersion }) };
}

async function page(visit: Visit, again?: Again): Promise<Answer & (PageContent | Response)> {
  const t = textsOf(visit);
  const report = await visit.api.get<Report>(`/api/v1/diagnostics?language=${visit.language}`);
  const asked = askedTable(visit, report);
  if (asked instanceof Response) return asked;
  const connections = connectionTable(visit, report);
  if (connections instanceof Response) return connections;
  const certificates = certificateTable(visit, report);
  if (certificates instanceof Response) return certificates;
  const mayTest = visit.session?.roles.some((role) => testers.includes(role)) === true;
  return {
    title: t.title,
    lead: t.lead,
    body: (
      <div class="wg-sections">
        <div id="diagnoses" class="wg-sections" data-live="10">
          <Section title={t.whatIsWrong}>
            <DiagnosisList visit={visit} diagnoses={report.diagnoses} />
          </Section>
        </div>
        <State visit={visit} report={report} />
        <DataTable view={asked} empty={{ title: t.askedEmpty }} />
        <DataTable view={certificates} empty={{ title: t.certificatesEmpty }} />
        <DataTable view={connections} empty={{ title: t.connectionsEmpty }} />
        {mayTest && <Tests visit={visit} {...again} />}
      </div>
    ),
  };
}
