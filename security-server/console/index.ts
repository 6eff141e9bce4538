import {
  type Api,
  addBackupPages,
  type Console,
  createConsole,
  type NavGroup,
  type Visit,
} from '../../gateway/console/index.ts';
import { addOverview } from './overview/index.ts';
import { textsOf } from './texts.ts';

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

/** The console of a security server. */
export function createServerConsole(options: ServerConsoleOptions): Console {
  const console = createConsole({ ...options, role: (visit) => textsOf(visit).role, navigation });
  addOverview(console);
  addBackupPages(console);
  return console;
}

function navigation(visit: Visit): readonly NavGroup[] {
  const t = textsOf(visit);
  const { texts, session } = visit;
  const has = (role: string) => session?.roles.includes(role) === true;
  return [
    { links: [{ href: '/', text: t.overview }] },
    {
      heading: t.groups.system,
      links: [
        ...(has('system-administrator')
          ? [
              { href: '/backups', text: texts.backups },
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
