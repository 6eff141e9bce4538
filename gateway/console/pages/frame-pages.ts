import type { Pages } from '../answer.ts';
import { addAccountPages } from './account.tsx';
import { addApiKeyPages } from './api-keys.tsx';
import { addApiReferencePages } from './api-reference.tsx';
import { addAuditPages } from './audit-events.tsx';
import { addOwnPasswordPages } from './own-password.tsx';
import { addPeoplePages } from './people.tsx';
import { addPreferencePages } from './preferences.ts';
import { addSignInPages } from './sign-in.tsx';
import { addSignInSettingsPage } from './sign-in-settings.tsx';

/** The pages that a console has also before there is anybody. */
export function addCommonPages(pages: Pages): void {
  addPreferencePages(pages);
  addApiReferencePages(pages);
}

/** The pages of every console whose program has people. */
export function addFramePages(pages: Pages): void {
  addSignInPages(pages);
  addAccountPages(pages);
  addOwnPasswordPages(pages);
  addApiKeyPages(pages);
  addPeoplePages(pages);
  addSignInSettingsPage(pages);
  addAuditPages(pages);
}
