import {
  type Column,
  DataTable,
  Instant,
  LinkButton,
  type PageContent,
  type Pages,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { textsOf } from '../texts.ts';
import {
  type CertificationService,
  certificationApi,
  certificationPath,
  type TimestampingService,
  timestampingApi,
  timestampingPath,
  trustPath,
} from './answers.ts';
import { readCertificate } from './certificate-facts.tsx';

/** Both kinds of services, each with the way to its page. */
export function addTrustServiceList(pages: Pages): void {
  pages.get(trustPath, listPage);
}

async function listPage(visit: Visit): Promise<PageContent | Response> {
  const t = textsOf(visit);
  const [certification, timestamping] = await Promise.all([
    visit.api.get<readonly CertificationService[]>(certificationApi),
    visit.api.get<readonly TimestampingService[]>(timestampingApi),
  ]);
  const first = viewTable(visit, {
    ...{ name: 'certification', caption: t.certification, rows: certification },
    columns: certificationColumns(visit),
  });
  if (first instanceof Response) return first;
  const second = viewTable(visit, {
    ...{ name: 'timestamping', caption: t.timestamping, rows: timestamping },
    columns: timestampingColumns(visit),
  });
  if (second instanceof Response) return second;
  const done = { added: t.trustAdded, removed: t.trustRemoved }[visit.url.searchParams.get('done') ?? ''];
  return {
    title: t.trustServices,
    lead: t.trustServicesLead,
    ...(done !== undefined && { done }),
    act: (
      <>
        <LinkButton href={`${trustPath}/certification/new`} text={t.addCertification} />
        <LinkButton href={`${trustPath}/timestamping/new`} text={t.addTimestamping} isQuiet />
      </>
    ),
    body: (
      <>
        <DataTable view={first} empty={{ title: t.noCertification }} />
        <DataTable view={second} empty={{ title: t.noTimestampingYet }} />
      </>
    ),
  };
}

function certificationColumns(visit: Visit): readonly Column<CertificationService>[] {
  const t = textsOf(visit);
  return [
    nameColumn(visit, certificationPath),
    // A service may name a profile by its class, the last part of which is its name.
    { key: 'profile', heading: t.profile, text: ({ profile }) => profile.split('.').at(-1) ?? profile },
    {
      key: 'ocsp',
      heading: t.ocsp,
      text: ({ top }) => top.ocspResponders.map(({ url }) => url).join(', '),
    },
    {
      key: 'intermediates',
      heading: t.intermediates,
      text: ({ intermediates }) => String(intermediates.length),
    },
    {
      key: 'authentication',
      heading: t.authenticationOnly,
      text: ({ authenticationOnly }) => (authenticationOnly ? visit.texts.yes : visit.texts.no),
    },
    expiryColumn(visit, ({ top }) => top.certificate),
  ];
}

function timestampingColumns(visit: Visit): readonly Column<TimestampingService>[] {
  const t = textsOf(visit);
  return [
    nameColumn(visit, timestampingPath),
    { key: 'url', heading: t.url, text: ({ url }) => url },
    expiryColumn(visit, ({ certificate }) => certificate),
  ];
}

function nameColumn<Row extends { readonly entryId: string; readonly name: string }>(
  visit: Visit,
  pathOf: (entryId: string) => string,
): Column<Row> {
  return {
    key: 'name',
    heading: textsOf(visit).serviceName,
    text: ({ name }) => name,
    show: ({ entryId, name }) => (
      <a class="ds-link" href={pathOf(entryId)}>
        {name}
      </a>
    ),
  };
}

function expiryColumn<Row>(visit: Visit, pemOf: (row: Row) => string): Column<Row> {
  const expiry = (row: Row) => readCertificate(pemOf(row)).notAfter.toISOString();
  return {
    key: 'expires',
    heading: textsOf(visit).expires,
    text: expiry,
    show: (row) => <Instant at={expiry(row)} />,
  };
}
