import type { Pages } from '../answer.ts';
import { addAccountPages } from './account.tsx';
import { addApiKeyPages } from './api-keys.tsx';
import { addApiReferencePages } from './api-reference.tsx';
import { addAuditPages } from './audit-events.tsx';
import { addOwnPasswordPages } from './own-password.tsx';
import { addPeoplePages } from './people.tsx';
import { addPreferencePages } from './preferences.ts';
import { addSignInPages } from './sign-in.tsx';

/** The pages that every console has. */
export function addFramePages(pages: Pages): void {
  addSignInPages(pages);
  addPreferencePages(pages);
  addAccountPages(pages);
  addOwnPasswordPages(pages);
  addApiKeyPages(pages);
  addPeoplePages(pages);
  addAuditPages(pages);
  addApiReferencePages(pages);
}
