import {
  Card,
  Facts,
  Instant,
  LinkButton,
  Notice,
  type Pages,
  readAll,
  Section,
  Tag,
  type Todo,
  TodoList,
  type Visit,
} from '../../gateway/console/index.ts';
import type { Counts, MemberClass, Publication } from './answers.ts';
import { expiring } from './expiring.ts';
import type { ListedInvitation } from './joining.tsx';
import { textsOf } from './texts.ts';
import type { CertificationService, TimestampingService } from './trust-services/index.ts';

/** The first page: what needs somebody, and whether the configuration is out. */
export function addOverview(pages: Pages): void {
  pages.get('/', async (visit) => {
    const t = textsOf(visit);
    const { api } = visit;
    const [publication, counts, invitations, known] = await Promise.all([
      api.get<Publication>('/api/v1/publication'),
      api.get<Counts>('/api/v1/counts'),
      readAll<ListedInvitation>(api, '/api/v1/invitations'),
      readKnown(visit),
    ]);
    const backup = await backupWanted(visit);
    const waiting = counts.waitingRequests;
    const joining = invitations.filter((one) => one.redeemedAt !== undefined && one.decision === undefined);
    const all: Todo[] = [
      ...(waiting > 0
        ? [{ text: t.requestsWait(waiting), href: '/requests?status=waiting', act: t.decide }]
        : []),
      ...(joining.length > 0
        ? [{ text: t.joiningsWait(joining.length), href: '/invitations', act: t.decide }]
        : []),
      ...missing(visit, known),
      ...(await expiring(visit, known)),
      ...backup,
    ];
    return {
      title: t.overview,
      lead: t.overviewLead,
      act: <LinkButton href="/invitations/new" text={t.invite} />,
      body: (
        <div id="overview" class="wg-sections" data-live="10">
          <Section title={visit.texts.whatNeedsDoing}>
            <TodoList todos={all} nothing={t.nothingWaits} />
          </Section>
          <ul class="wg-cards">
            <Card href="/members" text={t.members} count={counts.members} />
            <Card href="/servers" text={t.servers} count={counts.servers} />
            <Card href="/requests" text={t.requests} count={waiting} />
            <Card href="/invitations" text={t.invitations} count={invitations.length} />
          </ul>
          <Section title={t.publication}>
            <PublicationState visit={visit} publication={publication} />
          </Section>
        </div>
      ),
    };
  });
}

function PublicationState({
  visit,
  publication,
}: {
  readonly visit: Visit;
  readonly publication: Publication;
}) {
  const t = textsOf(visit);
  const { publishedAt, expiresAt, failure } = publication;
  if (failure !== undefined) {
    return (
      <Notice kind="danger" heading={`${t.publication}: ${t.publicationFailed}`}>
        {failure}
      </Notice>
    );
  }
  if (publishedAt === undefined) return <Tag text={t.notPublished} color="warning" />;
  return (
    <Facts
      rows={[
        [visit.texts.state, <Tag text={t.publishing} color="success" meaning={t.publishingMeans} />],
        [t.publishedAt, <Instant at={publishedAt} />],
        [t.validUntil, expiresAt === undefined ? undefined : <Instant at={expiresAt} />],
      ]}
    />
  );
}

interface ManagementService {
  readonly providerId?: string;
  readonly serviceAddress?: string;
  /** PEM. */
  readonly certificate?: string;
}

interface Known {
  readonly management: ManagementService;
  readonly registration: string | undefined;
  readonly classes: readonly MemberClass[];
  readonly certification: readonly CertificationService[];
  readonly timestamping: readonly TimestampingService[];
  readonly hasServers: boolean;
}

async function readKnown({ api }: Visit): Promise<Known> {
  const [management, firstServers, classes, certification, timestamping] = await Promise.all([
    api.get<ManagementService>('/api/v1/management-service'),
    api.get<readonly unknown[]>('/api/v1/servers?limit=1'),
    api.get<readonly MemberClass[]>('/api/v1/member-classes'),
    api.get<readonly CertificationService[]>('/api/v1/certification-services'),
    api.get<readonly TimestampingService[]>('/api/v1/timestamping-services'),
  ]);
  const hasServers = firstServers.length > 0;
  return {
    ...{ management, classes, certification, timestamping, hasServers },
    registration: management.certificate,
  };
}

/** What an instance cannot work without, in the order in which it is set up. */
function missing(visit: Visit, known: Known): readonly Todo[] {
  const t = textsOf(visit);
  const { management, classes, certification, timestamping, hasServers } = known;
  return [
    ...(classes.length === 0 ? [{ text: t.noClasses, href: '/member-classes', act: t.look }] : []),
    ...(certification.length === 0 ? [{ text: t.noTrust, href: '/trust-services', act: t.look }] : []),
    ...(timestamping.length === 0 ? [{ text: t.noTimestamping, href: '/trust-services', act: t.look }] : []),
    ...(management.providerId === undefined || management.serviceAddress === undefined
      ? [{ text: t.noManagement, href: '/settings', act: t.look }]
      : !hasServers
        ? [{ text: t.noFirstServer(management.providerId), href: '/invitations/new', act: t.invite }]
        : []),
  ];
}

/** For those who can do something about it. */
async function backupWanted({ api, session, texts }: Visit): Promise<readonly Todo[]> {
  if (session?.roles.includes('system-administrator') !== true) return [];
  const { isGood, code } = await api.get<{ readonly isGood: boolean; readonly code: string }>(
    '/api/v1/backup-status',
  );
  const { states } = texts.backupTexts;
  return isGood ? [] : [{ text: states[code] ?? code, href: '/backups', act: texts.backups }];
}
