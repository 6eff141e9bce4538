import { type Pages, seeOther } from '../answer.ts';
import { apiPath } from '../api-client.ts';
import { Copyable } from '../components/copyable.tsx';
import { type Column, DataTable, type TableView, viewTable } from '../components/data-table.tsx';
import { Form } from '../components/form.tsx';
import { Instant } from '../components/instant.tsx';
import { Notice } from '../components/notice.tsx';
import type { PageContent } from '../components/page.tsx';
import { Download, Facts, LinkButton, Section } from '../components/parts.tsx';
import { Tag } from '../components/tag.tsx';
import { addConfirmedAct } from '../confirmed-act.tsx';
import { handOn } from '../hand-on.ts';
import type { Visit } from '../visit.ts';
import { addBackupSettings } from './backup-settings.tsx';

interface Backup {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly createdAt: string;
  readonly madeBy?: string;
  readonly files?: number;
  readonly recipients?: readonly string[];
  readonly restore: string;
}

interface Status {
  readonly isGood: boolean;
  readonly code: string;
  readonly detail: string;
  readonly newest?: { readonly name: string; readonly createdAt: string };
  readonly nextAt?: string;
  readonly making?: { readonly name: string; readonly startedAt: string };
}

const contentOf = (name: string) => `/backups/${encodeURIComponent(name)}/content`;
const pathOf = (name: string) => `/backups/${encodeURIComponent(name)}`;
const readBackup = ({ api, param }: Visit) => api.get<Backup>(apiPath`/api/v1/backups/${param('name')}`);

/** Backups of the program itself: for system administrators. Restoring is for the command line, which is told. */
export function addBackupPages(pages: Pages): void {
  addBackupSettings(pages);
  pages.get('/backups', listPage);
  pages.post('/backups', async (visit) => {
    const response = await visit.api.fetch('/api/v1/backups', { method: 'POST' });
    return seeOther(`/backups?done=${response.status === 201 ? 'made' : 'begun'}`);
  });
  pages.get('/backups/:name', async (visit) => backupPage(visit, await readBackup(visit)));
  pages.get('/backups/:name/content', async ({ api, param }) => {
    return handOn(await api.fetch(apiPath`/api/v1/backups/${param('name')}/content`));
  });
  addConfirmedAct(pages, {
    path: '/backups/:name/check',
    describe: ({ texts, param }) => ({
      ...about(texts, param('name'), texts.backupTexts.check),
      happens: [texts.backupTexts.checkHappens],
      isDangerous: false,
    }),
    act: async ({ api, param }) => {
      const path = apiPath`/api/v1/backups/${param('name')}/check`;
      const { isWhole } = await api.send<{ isWhole: boolean }>('POST', path);
      return `${pathOf(param('name'))}?found=${isWhole ? 'whole' : 'changed'}`;
    },
  });
  addConfirmedAct(pages, {
    path: '/backups/:name/remove',
    describe: ({ texts, param }) => ({
      ...about(texts, param('name'), texts.remove),
      happens: [texts.backupTexts.removeHappens, texts.backupTexts.removeForever],
    }),
    act: async ({ api, param }) => {
      await api.send('DELETE', apiPath`/api/v1/backups/${param('name')}`);
      return '/backups?done=removed';
    },
  });
}

function about(texts: Visit['texts'], name: string, word: string) {
  return {
    title: `${word}: ${name}`,
    submit: word,
    crumbs: [
      { href: '/backups', text: texts.backups },
      { href: pathOf(name), text: name },
    ],
    cancel: pathOf(name),
  };
}

async function listPage(visit: Visit): Promise<PageContent | Response> {
  const { texts, api, url } = visit;
  const t = texts.backupTexts;
  const [status, { recipients }, all] = await Promise.all([
    api.get<Status>('/api/v1/backup-status'),
    api.get<{ readonly recipients: readonly string[] }>('/api/v1/backup-settings'),
    api.get<readonly Backup[]>('/api/v1/backups?limit=1000'),
  ]);
  const rows = [...all].sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  const view = viewTable(visit, { name: 'backups', caption: texts.backups, columns: columns(visit), rows });
  if (view instanceof Response) return view;
  const done = { made: t.made, begun: t.begun, removed: t.removed, saved: texts.saved }[
    url.searchParams.get('done') ?? ''
  ];
  return {
    title: texts.backups,
    lead: t.lead,
    ...(done !== undefined && { done }),
    act: <LinkButton href="/backups/settings" text={t.settings} isQuiet />,
    body: <List visit={visit} status={status} canMake={recipients.length > 0} view={view} />,
  };
}

interface ListProps {
  readonly visit: Visit;
  readonly status: Status;
  /** Somebody could open one. */
  readonly canMake: boolean;
  readonly view: TableView<Backup>;
}

function List({ visit, status, canMake, view }: ListProps) {
  const { texts } = visit;
  const t = texts.backupTexts;
  const { isGood, code, detail, newest, nextAt, making } = status;
  return (
    <div id="backup-list" class="wg-sections" data-live="10">
      {!isGood && (
        <Notice kind="warning" heading={t.states[code] ?? code}>
          {detail}
        </Notice>
      )}
      <Facts
        rows={[
          [texts.state, <Tag text={t.states[code] ?? code} color={isGood ? 'success' : 'warning'} />],
          [t.newest, newest && <Instant at={newest.createdAt} />],
          [t.next, nextAt === undefined ? undefined : <Instant at={nextAt} />],
          [t.making, making && <Instant at={making.startedAt} />],
        ]}
      />
      {!canMake && <Notice kind="info">{t.recipientsFirst}</Notice>}
      {canMake && making === undefined && <Form action="/backups" submit={t.make} />}
      <DataTable view={view} empty={{ title: t.none, text: t.noneLead }} />
    </div>
  );
}

function columns({ texts }: Visit): readonly Column<Backup>[] {
  const t = texts.backupTexts;
  return [
    {
      key: 'name',
      heading: t.name,
      text: ({ name }) => name,
      show: ({ name }) => (
        <a class="ds-link" href={pathOf(name)}>
          {name}
        </a>
      ),
    },
    {
      key: 'at',
      heading: t.at,
      text: ({ createdAt }) => createdAt,
      show: ({ createdAt }) => <Instant at={createdAt} />,
    },
    { key: 'size', heading: t.size, text: ({ size }) => octets(size) },
    { key: 'by', heading: texts.madeBy, text: (backup) => makerOf(backup, t.schedule) },
  ];
}

function makerOf({ madeBy }: Backup, schedule: string): string {
  return madeBy === 'system' ? schedule : (madeBy ?? '–');
}

function backupPage({ texts, url }: Visit, backup: Backup): PageContent {
  const t = texts.backupTexts;
  const { name, size, sha256, createdAt, files, recipients, restore } = backup;
  const found = url.searchParams.get('found');
  return {
    title: name,
    crumbs: [{ href: '/backups', text: texts.backups }],
    ...(found === 'whole' && { done: t.whole }),
    body: (
      <>
        {found === 'changed' && <Notice kind="danger">{t.changed}</Notice>}
        <Facts
          rows={[
            [t.at, <Instant at={createdAt} />],
            [texts.madeBy, makerOf(backup, t.schedule)],
            [t.size, octets(size)],
            [t.files, files === undefined ? undefined : String(files)],
            ['SHA-256', <Copyable text={sha256} what="SHA-256" />],
            [
              t.sealedTo,
              recipients === undefined
                ? t.unknownRecipients
                : recipients.map((one) => <Copyable text={one} shown={short(one)} what={t.sealedTo} />),
            ],
          ]}
        />
        <p class="wg-inline">
          <Download href={contentOf(name)} text={t.download} name={name} />
          <LinkButton href={`${pathOf(name)}/check`} text={t.check} isQuiet />
          <LinkButton href={`${pathOf(name)}/remove`} text={texts.remove} isQuiet />
        </p>
        <Section title={t.restore} lead={t.restoreLead}>
          <Copyable text={restore} what={t.restoreCommand} />
        </Section>
      </>
    ),
  };
}

/** Keys that no quantum computer breaks fill a page. */
function short(recipient: string): string {
  return recipient.length <= 70 ? recipient : `${recipient.slice(0, 40)}…${recipient.slice(-10)}`;
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

function octets(size: number): string {
  const step = Math.min(Math.floor(Math.log2(Math.max(size, 1)) / 10), units.length - 1);
  return `${(size / 1024 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]}`;
}
