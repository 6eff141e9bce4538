import { isObject } from './parse.ts';
import { lineIn } from './texts.ts';

/** Whom to ask about a service, as its description says. */
export interface Contact {
  readonly name?: string;
  readonly email?: string;
  /** http or https. */
  readonly url?: string;
}

/** @returns undefined when nothing usable stands in it */
export function readContact(given: unknown): Contact | undefined {
  if (!isObject(given)) return undefined;
  const name = lineIn(given['name']);
  const email = lineIn(given['email']);
  const url = lineIn(given['url']);
  const contact = {
    ...(name !== undefined && { name }),
    ...(email !== undefined && /^[^\s<>"@]+@[^\s<>"@]+$/.test(email) && { email }),
    ...(url !== undefined && isWebAddress(url) && { url }),
  };
  return Object.keys(contact).length === 0 ? undefined : contact;
}

function isWebAddress(text: string): boolean {
  const protocol = URL.canParse(text) ? new URL(text).protocol : '';
  return protocol === 'https:' || protocol === 'http:';
}
