import {
  type Api,
  addBackupPages,
  type Console,
  createConsole,
  type NavGroup,
  type Visit,
} from '../../gateway/console/index.ts';
import { accessTextsOf, addAccessPages } from './access/index.ts';
import { addCataloguePages, catalogueTextsOf } from './catalogue/index.ts';
import { addCertificatePages } from './certificates/index.ts';
import { addClientPages, clientTextsOf } from './clients/index.ts';
import { addDiagnosticsPages, diagnosticsTextsOf } from './diagnostics/index.ts';
import { addEvidencePages, evidenceTextsOf } from './evidence/index.ts';
import { addExpiryPages, expiryTextsOf } from './expiries/index.ts';
import { addExplainPages, explainTextsOf } from './explain/index.ts';
import { addInternalTlsPages } from './internal-tls/index.ts';
import { addJoinPages } from './joining/index.ts';
import { addKeyPages } from './keys/index.ts';
import { addOverview } from './overview/index.ts';
import { addRequestPages } from './requests/index.ts';
import { addServicePages } from './services/index.ts';
import { addSettingsExportPages, settingsExportTextsOf } from './settings-export/index.ts';
import { textsOf } from './texts.ts';
import { addTokenPages } from './tokens/index.ts';
import { addTrafficPages, trafficTextsOf } from './traffic/index.ts';
import { trustLinks } from './trust-links.ts';
import { addTryItPages, tryItTextsOf } from './try-it/index.ts';

export { addFirstPages } from './joining/index.ts';

interface ServerConsoleOptions {
  /** The server's identifier, as its console names it. */
  readonly instance: string;
  /** Of the program. */
  readonly version: string;
  /** The server's administration API, in process. */
  readonly api: Api;
  readonly hasOidc?: boolean;
  readonly now: () => Date;
  readonly report: (error: unknown, reference: string) => void;
}

/** What the program is, in the visitor's language. */
export function serverRole(visit: Visit): string {
  return textsOf(visit).role;
}

/** The console of a security server. */
export function createServerConsole(options: ServerConsoleOptions): Console {
  const console = createConsole({ ...options, role: serverRole, navigation });
  addOverview(console);
  addDiagnosticsPages(console);
  addTrafficPages(console);
  addExpiryPages(console);
  addCataloguePages(console);
  addTryItPages(console);
  addExplainPages(console);
  addClientPages(console);
  addServicePages(console);
  addAccessPages(console);
  addEvidencePages(console);
  addTokenPages(console);
  addKeyPages(console);
  addCertificatePages(console);
  addInternalTlsPages(console);
  addRequestPages(console);
  addJoinPages(console);
  addBackupPages(console);
  addSettingsExportPages(console);
  return console;
}

function navigation(visit: Visit): readonly NavGroup[] {
  const t = textsOf(visit);
  const { texts, session } = visit;
  const evidence = evidenceTextsOf(visit);
  const has = (role: string) => session?.roles.includes(role) === true;
  return [
    { links: [{ href: '/', text: t.overview }] },
    {
      heading: t.groups.exchange,
      links: [
        { href: '/clients', text: clientTextsOf(visit).clients },
        { href: '/access', text: accessTextsOf(visit).access },
        { href: '/catalogue', text: catalogueTextsOf(visit).title },
        ...(has('service-administrator') ? [{ href: '/try-it', text: tryItTextsOf(visit).title }] : []),
        { href: '/explain', text: explainTextsOf(visit).title },
      ],
    },
    { heading: t.groups.trust, links: trustLinks(visit) },
    ...(has('auditor')
      ? [
          {
            heading: t.groups.evidence,
            links: [
              { href: '/evidence', text: evidence.title },
              { href: '/evidence/gaps', text: evidence.gaps },
              { href: '/evidence/statistics', text: evidence.statistics },
              { href: '/evidence/export', text: evidence.export },
              { href: '/evidence/log', text: evidence.log },
            ],
          },
        ]
      : []),
    {
      heading: t.groups.system,
      links: [
        { href: '/diagnostics', text: diagnosticsTextsOf(visit).title },
        { href: '/expiries', text: expiryTextsOf(visit).title },
        { href: '/traffic', text: trafficTextsOf(visit).title },
        ...(has('system-administrator')
          ? [
              { href: '/backups', text: texts.backups },
              { href: '/settings-export', text: settingsExportTextsOf(visit).title },
              { href: '/people', text: texts.people },
            ]
          : []),
        ...(has('system-administrator') || has('auditor')
          ? [{ href: '/audit-events', text: texts.auditEvents }]
          : []),
      ],
    },
  ];
}
