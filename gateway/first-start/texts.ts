import type { Catalogue, Translated, Visit } from '../console/index.ts';

const english = {
  title: 'First start',
  lead: 'This program is not founded yet. Whoever started it sets it up here.',
  code: 'Code of the first start',
  codeHint:
    'The program printed it when it was started; it is also in the file first-start-code of its data folder.',
  open: 'Open',
  refused:
    'The code is wrong, or was used. The present one is in the file first-start-code of the data folder.',
  left: 'You have left the first start. The next code is in the file first-start-code of the data folder.',
} as const;

const catalogue: Catalogue<typeof english> = {
  en: english,
  de: {
    title: 'Erster Start',
    lead: 'Dieses Programm ist noch nicht gegründet. Wer es gestartet hat, richtet es hier ein.',
    code: 'Code des ersten Starts',
    codeHint:
      'Das Programm hat ihn beim Start ausgegeben; er steht auch in der Datei first-start-code seines Datenordners.',
    open: 'Öffnen',
    refused:
      'Der Code ist falsch oder wurde schon benutzt. Der jetzige steht in der Datei first-start-code des Datenordners.',
    left: 'Sie haben den ersten Start verlassen. Der nächste Code steht in der Datei first-start-code des Datenordners.',
  },
};

export function textsOf({ language }: Visit): Translated<typeof english> {
  return catalogue[language];
}
