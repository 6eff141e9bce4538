import {
  ApiRefusal,
  addConfirmedAct,
  apiPath,
  Copyable,
  Facts,
  Field,
  Form,
  type FormProblem,
  LinkButton,
  Notice,
  type PageContent,
  type Pages,
  Section,
  SelectField,
  seeOther,
  submit,
  Tag,
  type Visit,
} from '../../../gateway/console/index.ts';
import { colorOf, type Key, nameInPaths, specText, type Token } from './answers.ts';
import { textsOf } from './texts.ts';

const modes = ['automatic', 'single', 'batch'] as const;
const pathOf = (name: string) => `/tokens/${encodeURIComponent(name)}`;

/** One token: signed in and out, its PIN, how it signs, its keys. */
export function addTokenPage(pages: Pages): void {
  pages.get('/tokens/:token', (visit) => tokenPage(visit, []));
  pages.post('/tokens/:token/sign-in', (visit, form) =>
    withPin(
      visit,
      async () => {
        const path = apiPath`/api/v1/tokens/${visit.param('token')}/activation`;
        await visit.api.send('POST', path, { pin: pinOf(form, 'pin') });
        return seeOther(`${pathOf(visit.param('token'))}?done=signed-in`);
      },
      (problems) => tokenPage(visit, problems),
    ),
  );
  pages.post('/tokens/:token/signing', (visit, form) =>
    submit(form, {
      fields: ['signing'],
      act: async ({ signing }) => {
        await visit.api.send('PUT', apiPath`/api/v1/tokens/${visit.param('token')}`, { signing });
        return seeOther(`${pathOf(visit.param('token'))}?done=saved`);
      },
      again: (_values, problems) => tokenPage(visit, problems),
    }),
  );
  addConfirmedAct(pages, {
    path: '/tokens/:token/sign-out',
    describe: (visit) => {
      const t = textsOf(visit);
      const isSoftware = visit.param('token') === 'software';
      return {
        ...about(visit, t.signOut),
        happens: [...t.signOutHappens, ...(isSoftware ? [t.signOutSoftware] : [])],
      };
    },
    act: async ({ api, param }) => {
      await api.send('DELETE', apiPath`/api/v1/tokens/${param('token')}/activation`);
      return `${pathOf(param('token'))}?done=signed-out`;
    },
  });
  addConfirmedAct(pages, {
    path: '/tokens/:token/allow-pin',
    describe: (visit) => ({ ...about(visit, textsOf(visit).allow), happens: textsOf(visit).allowHappens }),
    act: async ({ api, param }) => {
      // What the API would ask back is what the page has just said.
      const path = apiPath`/api/v1/tokens/${param('token')}/pin-lock`;
      await api.send('DELETE', `${path}?confirm=device-may-lock`);
      return `${pathOf(param('token'))}?done=allowed`;
    },
  });
  pages.get('/tokens/:token/pin', (visit) => pinPage(visit, []));
  pages.post('/tokens/:token/pin', (visit, form) =>
    withPin(
      visit,
      async () => {
        const [pin, newPin] = [pinOf(form, 'pin'), pinOf(form, 'newPin')];
        if (newPin !== pinOf(form, 'newPinAgain')) {
          const text = textsOf(visit).notTheSame;
          return pinPage(visit, [{ name: 'newPinAgain', text }]);
        }
        await visit.api.send('PUT', apiPath`/api/v1/tokens/${visit.param('token')}/pin`, { pin, newPin });
        return seeOther(`${pathOf(visit.param('token'))}?done=pin-changed`);
      },
      (problems) => pinPage(visit, problems),
    ),
  );
}

function about(visit: Visit, word: string) {
  const name = visit.param('token');
  return {
    ...{ title: `${word}: ${name}`, submit: word, cancel: pathOf(name) },
    crumbs: [
      { href: '/tokens', text: textsOf(visit).tokens },
      { href: pathOf(name), text: name },
    ],
  };
}

/** As it was typed: a space at its end belongs to it. */
function pinOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}

/** A wrong PIN brings the form back; whoever may not enter one is told so on a page of its own. */
async function withPin(
  visit: Visit,
  act: () => Promise<PageContent | Response>,
  again: (problems: readonly FormProblem[]) => Promise<PageContent>,
): Promise<PageContent | Response> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof ApiRefusal)) throw error;
    const known = textsOf(visit).problems[error.code];
    if (known === undefined && error.code !== 'pin-policy') throw error;
    const name = error.code === 'pin-policy' ? 'newPin' : 'pin';
    const page = await again([{ name, text: known ?? error.message }]);
    return { ...page, status: 422, isRefused: true };
  }
}

async function requireToken({ api, param }: Visit): Promise<Token> {
  const name = param('token');
  const found = (await api.get<readonly Token[]>('/api/v1/tokens')).find(
    (token) => nameInPaths(token) === name,
  );
  if (found !== undefined) return found;
  throw new ApiRefusal(404, { code: 'unknown-token', detail: `There is no token '${name}'` });
}

async function tokenPage(visit: Visit, problems: readonly FormProblem[]): Promise<PageContent> {
  const t = textsOf(visit);
  const token = await requireToken(visit);
  const keys = (await visit.api.get<readonly Key[]>('/api/v1/keys')).filter(
    ({ tokenId }) => tokenId === token.id,
  );
  const { kind, name, label = name } = token;
  const done = {
    ...{ 'signed-in': t.signedIn, 'signed-out': t.signedOut, saved: visit.texts.saved },
    ...{ allowed: t.allowed, 'pin-changed': t.pinChanged },
  }[visit.url.searchParams.get('done') ?? ''];
  return {
    title: kind === 'software' ? t.software : label,
    lead: kind === 'software' ? t.softwareLead : t.deviceLead,
    crumbs: [{ href: '/tokens', text: t.tokens }],
    ...(done !== undefined && { done }),
    body: <TokenView visit={visit} token={token} keys={keys} problems={problems} />,
  };
}

interface TokenProps {
  readonly visit: Visit;
  readonly token: Token;
  readonly keys: readonly Key[];
  readonly problems: readonly FormProblem[];
}

function TokenView({ visit, token, keys, problems }: TokenProps) {
  const t = textsOf(visit);
  const { id, state, kind, label, signing, trouble } = token;
  const path = pathOf(nameInPaths(token) ?? '');
  return (
    <>
      {trouble !== undefined && <Notice kind="warning">{trouble}</Notice>}
      <Facts
        rows={[
          [
            visit.texts.state,
            <Tag text={t.states[state] ?? state} color={colorOf(state)} meaning={t.meanings[state] ?? ''} />,
          ],
          [t.label, label],
          [t.identifier, id && <Copyable text={id} what={t.identifier} />],
        ]}
      />
      {state === 'signed-out' && (
        <Section title={t.signIn} lead={t.signInLead}>
          <Form action={`${path}/sign-in`} submit={t.signIn} problems={problems}>
            <Field name="pin" label={t.pin} type="password" problems={problems} />
          </Form>
        </Section>
      )}
      <p class="wg-inline">
        {state === 'locked-here' && <LinkButton href={`${path}/allow-pin`} text={t.allow} />}
        {state === 'signed-in' && <LinkButton href={`${path}/sign-out`} text={t.signOut} isQuiet />}
        {state !== 'away' && <LinkButton href={`${path}/pin`} text={t.changePin} isQuiet />}
      </p>
      <Section title={t.keys}>
        {keys.length === 0 ? (
          <p>{kind === 'device' && state !== 'signed-in' ? t.noKeysShown : t.noKeys}</p>
        ) : (
          <ul>
            {keys.map((key) => (
              <li>
                <a class="ds-link" href={`/keys/${encodeURIComponent(key.id)}`}>
                  {key.label === '' ? key.id : key.label}
                </a>{' '}
                <span class="wg-hint">{specText(key.spec)}</span>
              </li>
            ))}
          </ul>
        )}
        {state === 'signed-in' && id !== undefined && (
          <LinkButton href={`/keys/new?token=${encodeURIComponent(id)}`} text={t.newKey} isQuiet />
        )}
      </Section>
      {id !== undefined && (
        <Section title={t.signing} lead={t.signingLead}>
          <Form action={`${path}/signing`} submit={visit.texts.save} problems={[]}>
            <SelectField
              name="signing"
              label={t.signing}
              choices={modes.map((value) => ({ value, text: t.modes[value] ?? value }))}
              values={{ signing }}
            />
          </Form>
        </Section>
      )}
    </>
  );
}

async function pinPage(visit: Visit, problems: readonly FormProblem[]): Promise<PageContent> {
  const t = textsOf(visit);
  const { kind } = await requireToken(visit);
  const { title, crumbs, cancel } = about(visit, t.changePin);
  return {
    ...{ title, crumbs },
    ...(problems.length > 0 && { status: 422, isRefused: true }),
    body: (
      <Form action={visit.url.pathname} submit={t.changePin} cancel={cancel} problems={problems}>
        <Field name="pin" label={t.currentPin} type="password" problems={problems} />
        <Field
          name="newPin"
          label={t.newPin}
          hint={kind === 'software' ? t.newPinHint : t.deviceHint}
          type="password"
          problems={problems}
        />
        <Field name="newPinAgain" label={t.newPinAgain} type="password" problems={problems} />
      </Form>
    ),
  };
}
