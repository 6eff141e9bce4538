import type { Catalogue, Translated, Visit } from '../../gateway/console/index.ts';

/** What all pages of the server's console share, in English; the topics have texts of their own. */
const english = {
  role: 'Security server',
  overview: 'Overview',
  groups: {
    exchange: 'Exchange',
    trust: 'Trust',
    evidence: 'Evidence',
    system: 'System',
  },
} as const;

const catalogue: Catalogue<typeof english> = {
  en: english,
  de: {
    role: 'Sicherheitsserver',
    overview: 'Übersicht',
    groups: {
      exchange: 'Austausch',
      trust: 'Vertrauen',
      evidence: 'Nachweise',
      system: 'System',
    },
  },
};

/** The shared texts in the visitor's language. */
export function textsOf({ language }: Visit): Translated<typeof english> {
  return catalogue[language];
}
