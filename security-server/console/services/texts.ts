import type { Catalogue, Translated, Visit } from '../../../gateway/console/index.ts';
import { german } from './texts-de.ts';
import { english } from './texts-en.ts';

const catalogue: Catalogue<typeof english> = { en: english, de: german };

export function textsOf({ language }: Visit): Translated<typeof english> {
  return catalogue[language];
}
