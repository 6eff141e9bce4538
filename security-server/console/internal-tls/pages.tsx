import {
  addConfirmedAct,
  Copyable,
  Download,
  Facts,
  Field,
  Fingerprint,
  Form,
  type FormProblem,
  Instant,
  LinkButton,
  Notice,
  type PageContent,
  type Pages,
  Section,
  seeOther,
  submit,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import { certificateOf } from '../certificates/index.ts';
import { textsOf } from './texts.ts';

interface Internal {
  readonly sha256: string;
  readonly keyId?: string;
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  readonly notBefore: string;
  readonly notAfter: string;
  readonly isSelfSigned: boolean;
  readonly pem: string;
}

const path = '/internal-tls';
const apiInternal = '/api/v1/internal-certificate';
const confirmed = '?confirm=information-systems-need-it';

/** The key and certificate for information systems: shown, renewed, requested, imported. */
export function addInternalTlsPages(pages: Pages): void {
  pages.get(path, (visit) => internalPage(visit, {}, []));
  pages.get(`${path}/file`, async ({ api }) => {
    const { pem } = await api.get<Internal>(apiInternal);
    const headers = {
      'content-type': 'application/x-pem-file',
      'content-disposition': 'attachment; filename="internal-tls.pem"',
    };
    return new Response(pem, { headers });
  });
  pages.post(`${path}/request`, (visit, form) =>
    submit(form, {
      fields: ['O', 'CN'],
      act: async ({ O = '', CN = '' }) => {
        const subject = { ...(O !== '' && { O }), ...(CN !== '' && { CN }) };
        const { request } = await visit.api.send<{ readonly request: string }>(
          'POST',
          `${apiInternal}/requests`,
          { subject },
        );
        return internalPage(visit, { O, CN }, [], request);
      },
      again: (values, problems) => internalPage(visit, values, problems),
    }),
  );
  addConfirmedAct(pages, {
    path: `${path}/new-key`,
    fieldNames: ['names'],
    describe: async (visit) => {
      const t = textsOf(visit);
      const { names } = await visit.api.get<Internal>(apiInternal);
      return {
        ...{ title: t.newKey, submit: t.newKey, cancel: path, happens: t.newKeyHappens },
        crumbs: [{ href: path, text: t.internalTls }],
        fields: (values, problems) => (
          <Field
            name="names"
            label={t.names}
            hint={t.namesHint}
            values={{ names: names.join(' '), ...values }}
            problems={problems}
          />
        ),
      };
    },
    act: async ({ api }, { names = '' }) => {
      // What the API would ask back is what the page has just said.
      const wanted = names.split(/\s+/).filter((name) => name !== '');
      await api.send('POST', `${apiInternal}/key${confirmed}`, { names: wanted });
      return `${path}?done=made`;
    },
  });
  pages.get(`${path}/import`, (visit) => importPage(visit, []));
  pages.post(`${path}/import`, (visit, form) =>
    submit(form, {
      fields: ['certificate'],
      act: async () => {
        const certificate = await certificateOf(form, 'certificate');
        if (certificate === '') {
          return importPage(visit, [{ name: 'certificate', text: textsOf(visit).noFile }]);
        }
        await visit.api.send('PUT', apiInternal + confirmed, { certificate });
        return seeOther(`${path}?done=imported`);
      },
      again: (_values, problems) => importPage(visit, problems),
    }),
  );
}

async function internalPage(
  visit: Visit,
  values: Values,
  problems: readonly FormProblem[],
  request?: string,
): Promise<PageContent> {
  const t = textsOf(visit);
  const own = await visit.api.get<Internal>(apiInternal);
  const done = { made: t.made, imported: t.imported }[visit.url.searchParams.get('done') ?? ''];
  const said = request === undefined ? done : t.requestMade;
  return {
    ...{ title: t.internalTls, lead: t.lead },
    ...(said !== undefined && { done: said }),
    body: (
      <>
        {own.keyId === undefined && <Notice kind="danger">{t.keyGone}</Notice>}
        <Facts
          rows={[
            [t.kind, own.isSelfSigned ? t.selfSigned : t.byAuthority],
            [t.subject, own.subject],
            [t.issuer, own.isSelfSigned ? undefined : own.issuer],
            [t.names, own.names.join(', ')],
            [t.begins, <Instant at={own.notBefore} />],
            [t.ends, <Instant at={own.notAfter} />],
            ['SHA-256', <Fingerprint hex={own.sha256} algorithm="SHA-256" />],
          ]}
        />
        <p class="wg-inline">
          <Download href={`${path}/file`} text={t.download} name="internal-tls.pem" />
          <LinkButton href={`${path}/import`} text={t.import} isQuiet />
          <LinkButton href={`${path}/new-key`} text={t.newKey} isQuiet />
        </p>
        <Section title={t.request} lead={t.requestLead}>
          {request !== undefined && (
            <Copyable text={request} what={t.requestText} shown={`${request.slice(0, 60)}…`} />
          )}
          <Form action={`${path}/request`} submit={t.makeRequest} problems={problems}>
            <Field name="O" label={t.organisation} maxLength={200} isOptional {...{ values, problems }} />
            <Field name="CN" label={t.name} maxLength={200} {...{ values, problems }} />
          </Form>
        </Section>
      </>
    ),
  };
}

function importPage(visit: Visit, problems: readonly FormProblem[]): PageContent {
  const t = textsOf(visit);
  return {
    ...{ title: t.import, lead: t.importLead, crumbs: [{ href: path, text: t.internalTls }] },
    ...(problems.length > 0 && { status: 422, isRefused: true }),
    body: (
      <Form action={`${path}/import`} submit={t.import} cancel={path} problems={problems} isUpload>
        <Field name="certificate" label={t.file} hint={t.fileHint} type="file" problems={problems} />
      </Form>
    ),
  };
}
