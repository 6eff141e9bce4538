import { type Pages, seeOther } from '../answer.ts';
import { ownPath, textOf } from '../protect.ts';
import { languages } from '../texts/catalogue.ts';
import { schemes } from '../visit.ts';

const yearSeconds = 365 * 24 * 3600;

/** Language and appearance: kept in cookies, which say nothing of who sends them. */
export function addPreferencePages(pages: Pages): void {
  pages.post('/preferences', (_visit, form) => {
    const headers = new Headers();
    const keep = (name: string, value: string, known: readonly string[]) => {
      if (!known.includes(value)) return;
      const attributes = `Path=/; Max-Age=${yearSeconds}; HttpOnly; SameSite=Lax`;
      headers.append('set-cookie', `${name}=${value}; ${attributes}`);
    };
    keep('language', textOf(form, 'language'), languages);
    keep('scheme', textOf(form, 'scheme'), schemes);
    return seeOther(ownPath(form.get('back')), headers);
  });
}
