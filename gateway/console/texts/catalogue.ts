import { german } from './de.ts';
import { english } from './en.ts';
import type { Translated } from './translated.ts';

export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];

/** A text of every key in every language: one that is missing is a type error. */
export type Catalogue<Source> = Readonly<Record<Language, Translated<Source>>>;

export type FrameTexts = Translated<typeof english>;
export const frameCatalogue: Catalogue<typeof english> = { en: english, de: german };

/**
 * The language of a page: what the visitor chose, else the first that the browser asks for and we have, else English.
 * @param chosen value of the cookie
 * @param accept header `Accept-Language`
 * @see RFC 9110 §12.5.4
 */
export function chooseLanguage(chosen: string | undefined, accept: string | undefined): Language {
  const known = (text: string | undefined) => languages.find((one) => one === text);
  const wanted = (accept ?? '')
    .slice(0, 500)
    .split(',')
    .map((range) => {
      const [tag = '', ...rest] = range.trim().toLowerCase().split(';');
      const weight = rest.map((one) => one.trim()).find((one) => one.startsWith('q='));
      return { tag: tag.split('-')[0], weight: weight === undefined ? 1 : Number(weight.slice(2)) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight);
  return known(chosen) ?? wanted.map(({ tag }) => known(tag)).find((one) => one !== undefined) ?? 'en';
}
