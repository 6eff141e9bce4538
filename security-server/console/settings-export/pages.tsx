import {
  Copyable,
  Download,
  handOn,
  LinkButton,
  type PageContent,
  type Pages,
  Section,
  type Visit,
} from '../../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

const command = 'waygate server export-settings --data FOLDER --out settings.json';

/** All settings in one document: for system administrators. */
export function addSettingsExportPages(pages: Pages): void {
  pages.get('/settings-export', exportPage);
  pages.get('/settings-export/file', async ({ api }) => handOn(await api.fetch('/api/v1/settings/export')));
}

function exportPage(visit: Visit): PageContent {
  const t = textsOf(visit);
  return {
    ...{ title: t.title, lead: t.lead },
    body: (
      <>
        <Section title={t.holds}>
          <ul>
            {t.parts.map((part) => (
              <li>{part}</li>
            ))}
          </ul>
          <p>{t.lacks}</p>
          <p>
            <Download href="/settings-export/file" text={t.download} />
          </p>
        </Section>
        <Section title={t.compare} lead={t.compareLead}>
          <Copyable text={command} what={t.command} />
        </Section>
        <Section title={t.restore} lead={t.restoreLead}>
          <p>
            <LinkButton href="/backups" text={visit.texts.backups} isQuiet />
          </p>
        </Section>
      </>
    ),
  };
}
