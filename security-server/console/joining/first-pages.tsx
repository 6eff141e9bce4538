import {
  type Answer,
  ApiRefusal,
  Facts,
  Field,
  Form,
  type FormProblem,
  Instant,
  type PageContent,
  type Pages,
  passwordOf,
  Section,
  SelectField,
  seeOther,
  submit,
  type Values,
  type Visit,
} from '../../../gateway/console/index.ts';
import { addJoinPages, BeginFields, beginOf, named } from './pages.tsx';
import { type JoinAnswer, JoinProgress, type Problems, readJoin } from './progress.tsx';
import { textsOf } from './texts.ts';

/** Of the first page; the second carries them along. */
const firstFields = ['invitation', 'address', 'subsystem', 'subsystemName', 'signingToken', 'administrator'];
const secretFields = ['pin', 'administratorPassword'];

interface Checked {
  readonly invitation: {
    readonly instance: string;
    readonly memberClass: string;
    readonly memberCode: string;
    readonly memberName: string;
    readonly serverCode: string;
    readonly registry: string;
    readonly expiresAt: string;
  };
}

/** The first start of a security server: an invitation first, the secrets after it was read, then each step. */
export function addFirstPages(pages: Pages): void {
  pages.get('/', async (visit) => {
    const join = await readJoin(visit);
    return join.result === 'none' || join.result === 'declined' ? beginPage(visit, join) : seeOther('/join');
  });

  // Back from the second page, nothing that was entered is lost.
  pages.post('/', (visit, form) => ask(visit, form, async (values) => again(visit, values)));

  pages.post('/secrets', (visit, form) =>
    ask(visit, form, async (values) => {
      const checked = await check(visit, values);
      const { isPinKnown } = await readJoin(visit);
      return secretsPage(visit, values, checked, isPinKnown);
    }),
  );

  pages.post('/begin', (visit, form) => ask(visit, form, (values) => begin(visit, form, values)));

  pages.get('/join/pin', (visit) => pinPage(visit));
  pages.post('/join/pin', (visit, form) =>
    submit(form, {
      fields: [],
      act: async () => {
        await visit.api.send('POST', '/api/v1/join/pin', { pin: passwordOf(form, 'pin') });
        return seeOther('/join');
      },
      again: (_values, problems) =>
        pinPage(
          visit,
          problems.map(({ text }) => ({ name: 'pin', text })),
        ),
    }),
  );
  addJoinPages(pages);
}

/** Reads the first page's fields; what is refused brings it back. */
function ask(visit: Visit, form: FormData, act: (values: Values) => Promise<Answer>): Promise<Answer> {
  return submit(form, {
    fields: firstFields,
    act,
    again: (values, problems) => again(visit, values, named(problems)),
  });
}

async function again(visit: Visit, values: Values, problems: Problems = []): Promise<PageContent> {
  return beginPage(visit, await readJoin(visit), values, problems);
}

function check({ api }: Visit, { administrator = '', ...values }: Values): Promise<Checked> {
  return api.send('POST', '/api/v1/join/check', { ...beginOf(values), administrator });
}

async function begin(visit: Visit, form: FormData, values: Values): Promise<Answer> {
  const checked = await check(visit, values);
  const { isPinKnown } = await readJoin(visit);
  const refused = (problems: Problems, status = 422): PageContent => ({
    ...secretsPage(visit, values, checked, isPinKnown, problems),
    ...{ status, isRefused: true },
  });
  const different = secretFields
    .filter((name) => passwordOf(form, name) !== passwordOf(form, `${name}Again`))
    .map((name) => ({ name: `${name}Again`, text: textsOf(visit).different }));
  if (different.length > 0) return refused(different);
  const secrets = Object.fromEntries(
    secretFields.filter((name) => form.has(name)).map((name) => [name, passwordOf(form, name)]),
  );
  try {
    const { administrator } = values;
    await visit.api.send('POST', '/api/v1/join', { ...beginOf(values), administrator, ...secrets });
    return seeOther('/join');
  } catch (error) {
    if (!(error instanceof ApiRefusal) || [401, 403].includes(error.status)) throw error;
    const problems: readonly FormProblem[] = error.errors.map(({ pointer, detail }) => ({
      ...{ name: pointer.slice(1), text: detail },
    }));
    const isOfSecrets = problems.every(({ name }) => secretFields.includes(name));
    if (problems.length > 0 && !isOfSecrets) throw error;
    return refused(problems.length > 0 ? problems : [{ name: '', text: error.message }], error.status);
  }
}

function beginPage(visit: Visit, join: JoinAnswer, typed?: Values, problems: Problems = []): PageContent {
  const t = textsOf(visit);
  const values = typed ?? { address: visit.url.hostname.replace(/^\[|\]$/g, '') };
  return {
    title: t.firstTitle,
    lead: t.firstLead,
    body: (
      <>
        {join.result === 'declined' && <JoinProgress visit={visit} join={join} />}
        <Form action="/secrets" submit={t.continue} problems={problems}>
          <BeginFields visit={visit} values={values} problems={problems} />
          {join.devices.length > 0 && (
            <SelectField
              name="signingToken"
              label={t.signingToken}
              hint={t.signingTokenHint}
              choices={[
                { value: '', text: t.ownToken },
                ...join.devices.map((name) => ({ value: name, text: t.device(name) })),
              ]}
              values={values}
              problems={problems}
            />
          )}
          <Field
            name="administrator"
            label={t.administrator}
            hint={t.administratorHint}
            autocomplete="username"
            maxLength={64}
            values={values}
            problems={problems}
          />
        </Form>
      </>
    ),
  };
}

function secretsPage(
  visit: Visit,
  values: Values,
  { invitation }: Checked,
  isPinKnown: boolean,
  problems: Problems = [],
): PageContent {
  const t = textsOf(visit);
  const { administrator = '', signingToken = '' } = values;
  const secret = { type: 'password', autocomplete: 'new-password', problems, maxLength: 1024 } as const;
  const carried = firstFields.map((name) => <input type="hidden" name={name} value={values[name]} />);
  const { instance, memberClass, memberCode, memberName, serverCode, registry, expiresAt } = invitation;
  return {
    title: t.secrets,
    lead: t.secretsLead,
    body: (
      <div class="wg-sections">
        <Section title={t.invites}>
          <Facts
            rows={[
              [t.member, `${memberName} (${memberClass}:${memberCode})`],
              [t.server, [instance, memberClass, memberCode, serverCode].join(':')],
              [t.registry, registry],
              [t.expires, <Instant at={expiresAt} />],
              [t.address, values['address']],
              [t.subsystem, values['subsystem']],
              [t.signingToken, signingToken === '' ? undefined : t.device(signingToken)],
            ]}
          />
          <Form action="/" submit={t.change} isQuiet>
            {carried}
          </Form>
        </Section>
        <Form action="/begin" submit={t.begin} problems={problems}>
          {carried}
          {/* A password manager keeps the password under this name. */}
          <input type="hidden" name="username" autocomplete="username" value={administrator} />
          {!isPinKnown && (
            <>
              <Field name="pin" label={t.pin} hint={t.pinHint} {...secret} />
              <Field name="pinAgain" label={t.pinAgain} {...secret} />
            </>
          )}
          <Field
            name="administratorPassword"
            label={t.password(administrator)}
            hint={t.passwordHint}
            {...secret}
          />
          <Field name="administratorPasswordAgain" label={t.passwordAgain} {...secret} />
        </Form>
      </div>
    ),
  };
}

function pinPage(visit: Visit, problems: Problems = []): PageContent {
  const t = textsOf(visit);
  return {
    title: t.pinTitle,
    lead: t.pinLead,
    crumbs: [{ href: '/join', text: t.title }],
    body: (
      <Form action="/join/pin" submit={t.take} problems={problems}>
        <Field name="pin" label={t.pin} type="password" problems={problems} maxLength={1024} />
      </Form>
    ),
  };
}
