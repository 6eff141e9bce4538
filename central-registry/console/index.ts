import {
  type Api,
  addBackupPages,
  type Console,
  createConsole,
  type NavGroup,
  type Visit,
} from '../../gateway/console/index.ts';
import { addCertificateProfilePages } from './certificate-profiles.tsx';
import { addFederationPages } from './federation.tsx';
import { addGroupPages } from './groups.tsx';
import { addHistoryPages } from './history.tsx';
import { addInvitationPages } from './invitations.tsx';
import { addKeyPages } from './keys.tsx';
import { addMemberClassPages } from './member-classes.tsx';
import { addMemberPages } from './members.tsx';
import { addOverview } from './overview.tsx';
import { addRequestPages } from './requests.tsx';
import { addServerEditPages } from './server-edit.tsx';
import { addServerPages } from './servers.tsx';
import { addSettingsPages } from './settings.tsx';
import { addSubsystemSearchPage } from './subsystem-search.tsx';
import { addSubsystemPages } from './subsystems.tsx';
import { textsOf } from './texts.ts';
import { addTrustServicePages } from './trust-services/index.ts';

interface RegistryConsoleOptions {
  readonly instance: string;
  /** Of the program. */
  readonly version: string;
  /** The registry's administration API, in process. */
  readonly api: Api;
  readonly hasOidc?: boolean;
  readonly now: () => Date;
  readonly report: (error: unknown, reference: string) => void;
}

/** The console of a central registry. */
export function createRegistryConsole(options: RegistryConsoleOptions): Console {
  const console = createConsole({
    ...options,
    keepsReasons: true,
    role: (visit) => textsOf(visit).role,
    navigation,
  });
  addOverview(console);
  addMemberPages(console);
  addSubsystemPages(console);
  addSubsystemSearchPage(console);
  addMemberClassPages(console);
  addServerEditPages(console);
  addServerPages(console);
  addGroupPages(console);
  addInvitationPages(console);
  addRequestPages(console);
  addTrustServicePages(console);
  addCertificateProfilePages(console);
  addKeyPages(console);
  addFederationPages(console);
  addSettingsPages(console);
  addHistoryPages(console);
  addBackupPages(console);
  return console;
}

function navigation(visit: Visit): readonly NavGroup[] {
  const t = textsOf(visit);
  const { texts, session } = visit;
  const isAdministrator = session?.roles.includes('system-administrator') === true;
  const isAuditor = isAdministrator || session?.roles.includes('auditor') === true;
  return [
    { links: [{ href: '/', text: t.overview }] },
    {
      heading: t.groups.joining,
      links: [
        { href: '/invitations', text: t.invitations },
        { href: '/requests', text: t.requests },
      ],
    },
    {
      heading: t.groups.register,
      links: [
        { href: '/members', text: t.members },
        { href: '/servers', text: t.servers },
        { href: '/groups', text: t.globalGroups },
      ],
    },
    {
      heading: t.groups.trust,
      links: [
        { href: '/trust-services', text: t.trustServices },
        { href: '/certificate-profiles', text: t.profiles.title },
        { href: '/keys', text: t.keys },
        { href: '/federation', text: t.federation },
      ],
    },
    {
      heading: t.groups.system,
      links: [
        { href: '/settings', text: t.settings },
        { href: '/history', text: t.history },
        ...(isAdministrator
          ? [
              { href: '/backups', text: texts.backups },
              { href: '/people', text: texts.people },
            ]
          : []),
        ...(isAuditor ? [{ href: '/audit-events', text: texts.auditEvents }] : []),
      ],
    },
  ];
}
