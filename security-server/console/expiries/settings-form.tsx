import {
  etagOf,
  Field,
  Form,
  type FormProblem,
  type PageContent,
  type Pages,
  Section,
  SelectField,
  seeOther,
  submit,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import type { NoticeSettings } from './answers.ts';
import { textsOf } from './texts.ts';

const api = '/api/v1/notice-settings';
const path = '/notices/settings';
const fields = [
  'language',
  'host',
  'port',
  'security',
  'user',
  'password',
  'sender',
  'recipients',
  'mailCertificates',
  'url',
  'secret',
  'webhookCertificates',
];

/** By which mail server and webhook people are told. Left empty, neither is used. */
export function addNoticeSettings(pages: Pages): void {
  pages.get(path, (visit) => settingsPage(visit, []));
  pages.post(path, (visit, form) =>
    submit(form, {
      fields,
      act: async (values) => {
        await visit.api.send('PUT', api, settingsOf(values), etagOf(form));
        return seeOther('/notices?done=saved');
      },
      // What is secret never comes back.
      again: ({ password: _password, secret: _secret, ...values }, problems) =>
        settingsPage(visit, problems.map(placed), values),
    }),
  );
}

function settingsOf(values: Readonly<Record<string, string>>): object {
  const { language = 'en', host = '', port = '', security, user = '', sender = '' } = values;
  const { password = '', url = '', secret = '' } = values;
  return {
    language,
    ...(host !== '' && {
      mail: {
        ...{ host, port: Number(port), security, sender },
        recipients: (values['recipients'] ?? '').split(/\s+/).filter((one) => one !== ''),
        certificates: certificatesOf(values['mailCertificates'] ?? ''),
        ...(user !== '' && { user }),
        ...(password !== '' && { password }),
      },
    }),
    ...(url !== '' && {
      webhook: {
        ...{ url, certificates: certificatesOf(values['webhookCertificates'] ?? '') },
        ...(secret !== '' && { secret }),
      },
    }),
  };
}

/** The API names what is wrong by its place in what was sent; here each place has a field. */
function placed(problem: FormProblem): FormProblem {
  const [, way, member = '', text] =
    /^\/(mail|webhook)\/([a-z]+)(?:\/\d+)?: (.*)$/is.exec(problem.text) ?? [];
  if (way === undefined || text === undefined) return problem;
  return { name: member === 'certificates' ? `${way}Certificates` : member, text };
}

/** Several stand one below the other, as they do in files. */
function certificatesOf(text: string): string[] {
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  return found ?? (text.trim() === '' ? [] : [text]);
}

function stored({ language, mail, webhook }: NoticeSettings): Values {
  return {
    language,
    port: String(mail?.port ?? 587),
    security: mail?.security ?? 'starttls',
    ...(mail !== undefined && {
      ...{ host: mail.host, user: mail.user, sender: mail.sender, recipients: mail.recipients.join('\n') },
      mailCertificates: mail.certificates.join('\n'),
    }),
    ...(webhook !== undefined && {
      url: webhook.url,
      webhookCertificates: webhook.certificates.join('\n'),
    }),
  };
}

async function settingsPage(
  visit: Visit,
  problems: readonly FormProblem[],
  typed?: Values,
): Promise<PageContent> {
  const t = textsOf(visit);
  const { value: settings, etag } = await visit.api.getTagged<NoticeSettings>(api);
  const { mail, webhook } = settings;
  const shared = { values: typed ?? stored(settings), problems };
  const choices = (['starttls', 'tls', 'none'] as const).map((value) => ({
    ...{ value, text: t.securities[value] },
  }));
  return {
    ...{ title: t.settings, lead: t.settingsLead },
    crumbs: [
      { href: '/expiries', text: t.title },
      { href: '/notices', text: t.notices },
    ],
    body: (
      <Form action={path} submit={visit.texts.save} cancel="/notices" problems={problems} etag={etag}>
        <SelectField
          name="language"
          label={t.language}
          choices={[
            { value: 'en', text: 'English' },
            { value: 'de', text: 'Deutsch' },
          ]}
          {...shared}
        />
        <Section title={t.byMail} lead={t.byMailLead}>
          <Field name="host" label={t.host} maxLength={253} isOptional {...shared} />
          <Field name="port" label={t.port} hint={t.portHint} type="number" isOptional {...shared} />
          <SelectField
            name="security"
            label={t.security}
            hint={t.securityHint}
            choices={choices}
            {...shared}
          />
          <Field name="user" label={t.user} maxLength={200} isOptional {...shared} />
          <Field
            name="password"
            label={t.password}
            hint={mail?.hasPassword === true ? t.passwordKept : t.passwordHint}
            type="password"
            autocomplete="new-password"
            maxLength={500}
            isOptional
            problems={problems}
          />
          <Field name="sender" label={t.sender} maxLength={254} isOptional {...shared} />
          <Field
            name="recipients"
            label={t.recipients}
            hint={t.recipientsHint}
            lines={3}
            isOptional
            {...shared}
          />
          <Field
            name="mailCertificates"
            label={t.certificates}
            hint={t.certificatesHint}
            lines={3}
            isCode
            isOptional
            {...shared}
          />
        </Section>
        <Section title={t.webhook} lead={t.webhookLead}>
          <Field name="url" label={t.url} maxLength={2000} isOptional {...shared} />
          <Field
            name="secret"
            label={t.secret}
            hint={webhook === undefined ? t.secretHint : t.secretKept}
            type="password"
            autocomplete="new-password"
            maxLength={500}
            isOptional
            problems={problems}
          />
          <Field
            name="webhookCertificates"
            label={t.certificates}
            hint={t.certificatesHint}
            lines={3}
            isCode
            isOptional
            {...shared}
          />
        </Section>
      </Form>
    ),
  };
}
