import {
  ApiRefusal,
  cookiesOf,
  Field,
  Form,
  type FormProblem,
  type PageContent,
  type Pages,
  seeOther,
  textOf,
  type Visit,
} from '../console/index.ts';
import { textsOf } from './texts.ts';

/** Coming in with the code, and going: what a first start has in place of signing in. */
export function addDoorPages(pages: Pages): void {
  pages.get('/sign-in', (visit) => (visit.session === undefined ? doorPage(visit) : seeOther('/')));

  pages.post('/sign-in', async (visit, form) => {
    try {
      const body = { code: textOf(form, 'code') };
      const response = await visit.api.fetch('/api/v1/session', { method: 'POST', body });
      return seeOther('/', cookiesOf(response));
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error;
      const text = error.code === 'code-refused' ? textsOf(visit).refused : error.message;
      const page = doorPage(visit, [{ name: 'code', text }]);
      return { ...page, status: error.status, isRefused: true };
    }
  });

  pages.post('/sign-out', async (visit) => {
    const response = await visit.api.fetch('/api/v1/session', { method: 'DELETE' });
    return seeOther('/sign-in?done=left', cookiesOf(response));
  });
}

function doorPage(visit: Visit, problems: readonly FormProblem[] = []): PageContent {
  const t = textsOf(visit);
  return {
    title: t.title,
    lead: t.lead,
    ...(visit.url.searchParams.get('done') === 'left' && { done: t.left }),
    body: (
      <div class="wg-narrow">
        <Form action="/sign-in" submit={t.open} problems={problems}>
          <Field name="code" label={t.code} hint={t.codeHint} problems={problems} maxLength={100} isCode />
        </Form>
      </div>
    ),
  };
}
