import {
  type Column,
  Copyable,
  DataTable,
  Instant,
  LinkButton,
  type PageContent,
  type Pages,
  readAll,
  Tag,
  type Visit,
  viewTable,
} from '../../../gateway/console/index.ts';
import { type Expiry, stateOf } from './answers.ts';
import { addNoticePages } from './notices.tsx';
import { textsOf } from './texts.ts';

/** Everything that ends, and who is told of it. */
export function addExpiryPages(pages: Pages): void {
  pages.get('/expiries', listPage);
  addNoticePages(pages);
}

async function listPage(visit: Visit): Promise<PageContent | Response> {
  const t = textsOf(visit);
  const rows = await readAll<Expiry>(visit.api, `/api/v1/expiries?language=${visit.language}`);
  const view = viewTable(visit, { name: 'expiries', caption: t.title, columns: columns(visit), rows });
  if (view instanceof Response) return view;
  return {
    ...{ title: t.title, lead: t.lead },
    ...(visit.session?.roles.includes('system-administrator') === true && {
      act: <LinkButton href="/notices" text={t.notices} isQuiet />,
    }),
    body: (
      <div id="expiry-list" class="wg-sections" data-live="60">
        <DataTable view={view} empty={{ title: t.none, text: t.noneLead }} />
      </div>
    ),
  };
}

function columns(visit: Visit): readonly Column<Expiry>[] {
  const t = textsOf(visit);
  return [
    {
      key: 'name',
      heading: t.what,
      text: ({ name }) => name,
      show: (row) => (
        <>
          <a class="ds-link" href={hrefOf(row)}>
            {row.name}
          </a>
          {row.owner !== '' && <div class="wg-hint">{row.owner}</div>}
        </>
      ),
    },
    {
      key: 'subject',
      heading: t.subject,
      text: ({ subject = '–', owner }) => `${subject} ${owner}`,
      show: ({ subject = '–', sha256 }) => (
        <>
          {subject}
          {sha256 !== undefined && (
            <div class="wg-hint">
              <Copyable text={sha256} shown={`${sha256.slice(0, 16)}…`} what="SHA-256" />
            </div>
          )}
        </>
      ),
    },
    {
      key: 'state',
      heading: visit.texts.state,
      text: (row) => stateOf(visit, row).text,
      show: (row) => {
        const meaning = row.renewalTrouble ?? row.reason;
        return <Tag {...stateOf(visit, row)} {...(meaning !== undefined && { meaning })} />;
      },
    },
    {
      key: 'ends',
      heading: t.ends,
      text: ({ notAfter = '' }) => notAfter,
      show: ({ notAfter }) => (notAfter === undefined ? '–' : <Instant at={notAfter} />),
    },
    {
      key: 'stops',
      heading: t.stops,
      text: ({ stops, remedy }) => `${stops} ${remedy}`,
      show: ({ stops, remedy }) => (
        <>
          {stops}
          <div class="wg-hint">{remedy}</div>
        </>
      ),
    },
  ];
}

/** Of the server's own there are pages for each. */
function hrefOf({ kind, sha256, href }: Expiry): string {
  const isOwn = kind === 'signing' || kind === 'authentication';
  return isOwn && sha256 !== undefined ? `/certificates/${sha256}` : href;
}
