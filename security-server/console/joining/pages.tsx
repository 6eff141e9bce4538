import {
  ApiRefusal,
  apiPath,
  Download,
  Field,
  Form,
  handOn,
  LinkButton,
  Notice,
  type PageContent,
  type Pages,
  Section,
  seeOther,
  submit,
  type Todo,
  textOf,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import { type JoinAnswer, JoinProgress, type Problems, readJoin } from './progress.tsx';
import { textsOf } from './texts.ts';

/** The joining of this server, before and after it is founded: its steps, and what somebody has to bring. */
export function addJoinPages(pages: Pages): void {
  pages.get('/join', async (visit) => joinPage(visit, await readJoin(visit)));

  pages.post('/join/go-on', async (visit) => {
    await visit.api.send('POST', '/api/v1/join');
    return seeOther('/join');
  });

  pages.get('/join/certificates', async (visit) => certificatesPage(visit, await readJoin(visit)));
  pages.get('/join/requests/:use', async (visit) =>
    handOn(await visit.api.fetch(apiPath`/api/v1/join/requests/${visit.param('use')}`)),
  );
  pages.post('/join/certificates', async (visit, form) => {
    const use = textOf(form, 'use');
    const file = form.get(`certificate-${use}`);
    const certificate = typeof file === 'string' ? file : ((await file?.text()) ?? '');
    try {
      await visit.api.send('POST', '/api/v1/join/certificates', { use, certificate });
      const { isRunning } = await readJoin(visit);
      if (!isRunning) await visit.api.send('POST', '/api/v1/join');
      return seeOther('/join');
    } catch (error) {
      if (!(error instanceof ApiRefusal) || [401, 403].includes(error.status)) throw error;
      const page = certificatesPage(visit, await readJoin(visit), { use, text: error.message });
      return { ...page, status: error.status, isRefused: true };
    }
  });

  pages.get('/join/again', (visit) => againPage(visit));
  pages.post('/join/again', (visit, form) =>
    submit(form, {
      fields: ['invitation', 'address', 'subsystem', 'subsystemName'],
      act: async (values) => {
        await visit.api.send('POST', '/api/v1/join', beginOf(values));
        return seeOther('/join');
      },
      again: (values, problems) => againPage(visit, values, named(problems)),
    }),
  );
}

/** Problems by the names of our fields: the API takes several subsystems, and the page one. */
export function named(problems: Problems): Problems {
  return problems.map((one) => {
    const [, text] = /^\/subsystems\/0\/code: (.*)$/s.exec(one.text) ?? [];
    return one.name === '' && text !== undefined ? { name: 'subsystem', text } : one;
  });
}

/** What the overview says of a joining; nothing where there is none, or it is over. */
export async function joinTodos(visit: Visit): Promise<readonly Todo[]> {
  const t = textsOf(visit);
  const join = await readJoin(visit).catch((error: unknown) => {
    // A server that was started by something else than its own command has no desk for it.
    if (error instanceof ApiRefusal && error.status === 404) return undefined;
    throw error;
  });
  const text = { joining: t.todoJoining, declined: t.todoDeclined, none: '', joined: '' }[
    join?.result ?? 'none'
  ];
  return text === '' ? [] : [{ text, href: '/join', act: t.look }];
}

/** As the API takes it. */
export function beginOf(values: Values) {
  const { invitation = '', address = '', subsystem = '', subsystemName = '', signingToken = '' } = values;
  return {
    ...{ invitation, address },
    ...(signingToken !== '' && { signingToken }),
    subsystems: [{ code: subsystem, ...(subsystemName !== '' && { name: subsystemName }) }],
  };
}

/** The fields that every joining begins with. */
export function BeginFields({
  visit,
  ...shared
}: {
  readonly visit: Visit;
  readonly values: Values;
  readonly problems: Problems;
}) {
  const t = textsOf(visit);
  return (
    <>
      <Field name="invitation" label={t.invitation} hint={t.invitationHint} lines={6} isCode {...shared} />
      <Field name="address" label={t.address} hint={t.addressHint} maxLength={255} {...shared} />
      <Field name="subsystem" label={t.subsystem} hint={t.subsystemHint} maxLength={255} {...shared} />
      <Field name="subsystemName" label={t.subsystemName} maxLength={255} isOptional {...shared} />
    </>
  );
}

function joinPage(visit: Visit, join: JoinAnswer): PageContent {
  const t = textsOf(visit);
  const { result, isRunning, isFounded } = join;
  if (result === 'none') return { title: t.title, body: <p>{t.none}</p> };
  return {
    title: t.title,
    lead: t.lead,
    body: (
      <>
        <div id="join" class="wg-sections" data-live="2" data-follow="yes">
          <JoinProgress visit={visit} join={join} />
        </div>
        {result === 'joining' && !isRunning && (
          <Section title={t.goOn} lead={t.stoppedNext}>
            <Form action="/join/go-on" submit={t.goOn} />
          </Section>
        )}
        {result === 'declined' && <LinkButton href={isFounded ? '/join/again' : '/'} text={t.again} />}
      </>
    ),
  };
}

function certificatesPage(
  visit: Visit,
  { certificates }: JoinAnswer,
  refused?: { readonly use: string; readonly text: string },
): PageContent {
  const t = textsOf(visit);
  return {
    title: t.certificates,
    lead: t.certificatesLead,
    crumbs: [{ href: '/join', text: t.title }],
    body:
      certificates.length === 0 ? (
        <p>{t.noneAwaited}</p>
      ) : (
        <div class="wg-sections">
          {certificates.map(({ use, isBrought }) => {
            // Two forms of one kind on a page: each field needs a name of its own to be led to.
            const name = `certificate-${use}`;
            const problems = refused?.use === use ? [{ name, text: refused.text }] : [];
            return (
              <Section title={t.uses[use]}>
                {isBrought && <Notice kind="info">{t.brought}</Notice>}
                <Download href={`/join/requests/${use}`} text={t.downloadRequest} name={`${use}.csr.pem`} />
                <Form action="/join/certificates" submit={t.upload} problems={problems} isUpload>
                  <input type="hidden" name="use" value={use} />
                  <Field
                    name={name}
                    label={t.certificate}
                    type="file"
                    accept=".pem,.crt,.cer"
                    problems={problems}
                  />
                </Form>
              </Section>
            );
          })}
        </div>
      ),
  };
}

function againPage(visit: Visit, values: Values = {}, problems: Problems = []): PageContent {
  const t = textsOf(visit);
  return {
    title: t.again,
    lead: t.againLead,
    crumbs: [{ href: '/join', text: t.title }],
    body: (
      <Form action="/join/again" submit={t.begin} problems={problems} cancel="/join">
        <BeginFields visit={visit} values={values} problems={problems} />
      </Form>
    ),
  };
}
