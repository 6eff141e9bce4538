import { type Answer, type Pages, seeOther } from '../answer.ts';
import { ApiRefusal } from '../api-client.ts';
import { Field } from '../components/field.tsx';
import { Form, type FormProblem, type Values } from '../components/form.tsx';
import { Notice } from '../components/notice.tsx';
import type { PageContent } from '../components/page.tsx';
import { cookiesOf, ownPath, passwordOf, textOf } from '../protect.ts';
import type { Visit } from '../visit.ts';
import { type NewFactor, NewSecondFactor } from './second-factor.tsx';

/** How far signing in has come. */
interface Stage {
  readonly values?: Values;
  readonly problems?: readonly FormProblem[];
  readonly next: string;
  /** Only with a code. The password is asked for again with it: it is kept nowhere meanwhile. */
  readonly needsCode?: boolean;
  /** A second factor must be made first, with this secret. */
  readonly factor?: NewFactor;
}

/** Signing in, by password and code or by the organisation, and signing out. */
export function addSignInPages(pages: Pages): void {
  pages.get('/sign-in', (visit) => {
    const next = ownPath(visit.url.searchParams.get('next'));
    return visit.session === undefined ? signInPage(visit, { next }) : seeOther(next);
  });

  pages.post('/sign-in', async (visit, form) => {
    const next = ownPath(form.get('next'));
    const name = textOf(form, 'name');
    const password = passwordOf(form, 'password');
    const code = textOf(form, 'code');
    const values = { name };
    const credentials = { name, password };
    const sent = { ...credentials, ...(code !== '' && { code }) };
    try {
      const response = await visit.api.fetch('/api/v1/session', { method: 'POST', body: sent });
      return seeOther(next, cookiesOf(response));
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error;
      return refused(visit, error, { values, next, needsCode: code !== '' }, credentials);
    }
  });

  pages.post('/sign-out', async (visit) => {
    const response = await visit.api.fetch('/api/v1/session', { method: 'DELETE' });
    return seeOther('/sign-in?done=signed-out', cookiesOf(response));
  });
}

async function refused(
  visit: Visit,
  refusal: ApiRefusal,
  stage: Stage,
  credentials: object,
): Promise<Answer> {
  const { texts } = visit;
  if (refusal.code === 'second-factor-needed') {
    const problems = [{ name: 'code', text: texts.codeNeeded }];
    return { ...signInPage(visit, { ...stage, problems, needsCode: true }), status: 401, isRefused: true };
  }
  if (refusal.code === 'second-factor-setup-needed') {
    const answer = await visit.api.send<NewFactor>('POST', '/api/v1/session/second-factor', credentials);
    return signInPage(visit, { ...stage, needsCode: true, factor: answer });
  }
  const text = refusal.code === 'sign-in-refused' ? texts.signInRefused : refusal.message;
  const page = signInPage(visit, { ...stage, problems: [{ name: 'name', text }] });
  return { ...page, status: refusal.status, isRefused: true };
}

function signInPage(
  visit: Visit,
  { values = {}, problems = [], next, needsCode, factor }: Stage,
): PageContent {
  const { texts, frame, url } = visit;
  return {
    title: texts.signIn,
    lead: texts.signInLead,
    ...(url.searchParams.get('done') === 'signed-out' && { done: texts.signedOut }),
    body: (
      <div class="wg-narrow">
        {next !== '/' && problems.length === 0 && <Notice kind="info">{texts.signInNeeded}</Notice>}
        <Form action="/sign-in" submit={texts.signIn} problems={problems}>
          <input type="hidden" name="next" value={next} />
          <Field
            name="name"
            label={texts.name}
            autocomplete="username"
            values={values}
            problems={problems}
            maxLength={100}
          />
          <Field
            name="password"
            type="password"
            label={texts.password}
            autocomplete="current-password"
            maxLength={1000}
          />
          {factor !== undefined && <NewSecondFactor factor={factor} />}
          <Field
            name="code"
            label={texts.code}
            hint={texts.codeHint}
            autocomplete="one-time-code"
            problems={problems}
            isOptional={!needsCode}
            isNumeric
            maxLength={40}
          />
        </Form>
        {frame.hasOidc && (
          <p class="wg-or">
            {texts.or}{' '}
            <a
              class="ds-button"
              data-variant="secondary"
              href={`/sign-in/oidc?return=${encodeURIComponent(next)}`}
            >
              {texts.signInOidc}
            </a>
          </p>
        )}
      </div>
    ),
  };
}
