import { type Pages, seeOther } from '../answer.ts';
import { Copyable } from '../components/copyable.tsx';
import { CheckboxField, Field } from '../components/field.tsx';
import { Form, type FormProblem, type Values } from '../components/form.tsx';
import type { PageContent } from '../components/page.tsx';
import { Section } from '../components/parts.tsx';
import { etagOf } from '../protect.ts';
import { submit } from '../submit.ts';
import type { Visit } from '../visit.ts';

interface Settings {
  readonly recipients: readonly string[];
  readonly everyHours?: number;
  readonly keepLast: number;
  readonly madeElsewhere: boolean;
}

const apiSettings = '/api/v1/backup-settings';
const path = '/backups/settings';

/** Whom backups are for, and when they are made. */
export function addBackupSettings(pages: Pages): void {
  pages.get(path, (visit) => settingsPage(visit, []));
  pages.post(path, (visit, form) =>
    submit(form, {
      fields: ['recipients', 'everyHours', 'keepLast'],
      act: async ({ recipients = '', everyHours = '', keepLast = '' }) => {
        const settings = {
          recipients: linesOf(recipients),
          ...(everyHours !== '' && { everyHours: Number(everyHours) }),
          keepLast: Number(keepLast),
          madeElsewhere: form.get('madeElsewhere') === 'yes',
        };
        await visit.api.send('PUT', apiSettings, settings, etagOf(form));
        return seeOther('/backups?done=saved');
      },
      again: (values, problems) => settingsPage(visit, problems, withoutSecrets(values)),
    }),
  );
}

const linesOf = (text: string) => text.split(/\s+/).filter((line) => line !== '');

/** What was typed comes back, unless it may be a secret key: that is not shown to who looks on, nor kept by a cache. */
function withoutSecrets(values: Values): Values {
  const recipients = linesOf(values['recipients'] ?? '').filter((line) => /^age1[0-9a-z]+$/.test(line));
  return { ...values, recipients: recipients.join('\n') };
}

async function settingsPage(
  visit: Visit,
  problems: readonly FormProblem[],
  typed?: Values,
): Promise<PageContent> {
  const { texts, api } = visit;
  const t = texts.backupTexts;
  const [{ value: settings, etag }, { keyCommand }] = await Promise.all([
    api.getTagged<Settings>(apiSettings),
    api.get<{ readonly keyCommand: string }>('/api/v1/backup-status'),
  ]);
  const stored: Values = {
    recipients: settings.recipients.join('\n'),
    everyHours: settings.everyHours === undefined ? '' : String(settings.everyHours),
    keepLast: String(settings.keepLast),
  };
  const shared = { values: typed ?? stored, problems };
  return {
    title: t.settings,
    crumbs: [{ href: '/backups', text: texts.backups }],
    body: (
      <>
        <Form action={path} submit={texts.save} cancel="/backups" problems={problems} etag={etag}>
          <Field
            name="recipients"
            label={t.recipients}
            hint={t.recipientsHint}
            lines={4}
            isCode
            isOptional
            {...shared}
          />
          <Field
            name="everyHours"
            label={t.everyHours}
            hint={t.everyHoursHint}
            type="number"
            isOptional
            {...shared}
          />
          <Field name="keepLast" label={t.keepLast} type="number" {...shared} />
          <CheckboxField
            name="madeElsewhere"
            label={t.elsewhere}
            choices={[{ value: 'yes', text: t.madeElsewhere }]}
            chosen={settings.madeElsewhere ? ['yes'] : []}
          />
        </Form>
        <Section title={t.keyCommand}>
          <Copyable text={keyCommand} what={t.keyCommand} />
        </Section>
      </>
    ),
  };
}
