import {
  type Column,
  Copyable,
  DataTable,
  LinkButton,
  type Pages,
  type Visit,
  viewTable,
} from '../../gateway/console/index.ts';
import { maxCursorLength } from '../../gateway/http/index.ts';
import type { Party } from './answers.ts';
import { textsOf } from './texts.ts';

/** An instance has tens of thousands: its page shows the first that fit, and leads to the others. */
const atOnce = 500;
const name = 'subsystems';

/** Finds a subsystem, whosever it is. */
export function addSubsystemSearchPage(pages: Pages): void {
  pages.get('/subsystems', async (visit) => {
    const t = textsOf(visit);
    const { searchParams } = visit.url;
    // The API looks for one text; the table for every word of what it answered.
    const words = (searchParams.get(`${name}.search`) ?? '').slice(0, 200).trim().split(/\s+/);
    const longest = words.reduce((one, other) => (other.length > one.length ? other : one));
    const from = searchParams.get('from')?.slice(0, maxCursorLength) ?? '';
    const query = new URLSearchParams({
      limit: String(atOnce),
      ...(longest !== '' && { q: longest }),
      ...(from !== '' && { cursor: from }),
    });
    const { items: rows, next } = await visit.api.list<Party>(`/api/v1/subsystems?${query}`);
    const view = viewTable(visit, { name, caption: t.subsystems, columns: columns(visit), rows });
    if (view instanceof Response) return view;
    const further = new URLSearchParams(searchParams);
    if (next !== undefined) further.set('from', next);
    return {
      title: t.subsystems,
      lead: t.allSubsystemsLead,
      act: <LinkButton href="/members" text={t.members} isQuiet />,
      body: (
        <>
          <DataTable view={view} empty={{ title: t.noSubsystems }} />
          {next !== undefined && (
            <p>
              <a class="ds-link" rel="next" href={`/subsystems?${further}`}>
                {t.moreSubsystems}
              </a>
            </p>
          )}
        </>
      ),
    };
  });
}

function columns(visit: Visit): readonly Column<Party>[] {
  const t = textsOf(visit);
  const memberOf = (id: string) => id.split(':').slice(0, 3).join(':');
  return [
    {
      key: 'id',
      heading: t.identifier,
      text: ({ id }) => id,
      show: ({ id }) => <Copyable text={id} what={t.identifier} />,
    },
    { key: 'name', heading: t.subsystemName, text: (one) => one.name ?? '' },
    {
      key: 'member',
      heading: t.member,
      text: ({ id }) => memberOf(id),
      show: ({ id }) => (
        <a class="ds-link" href={`/members/${encodeURIComponent(memberOf(id))}`}>
          {memberOf(id)}
        </a>
      ),
    },
  ];
}
