import type { PageContent } from './components/page.tsx';
import type { Visit } from './visit.ts';

/** What a handler makes of a request: a page for the frame to draw, or an answer of another kind. */
export type Answer = PageContent | Response;

interface PostOptions {
  /** Octets of the form, where it brings a large file; 1 MiB unless told. */
  readonly maxBytes?: number;
}

/** Takes the pages of a console. */
export interface Pages {
  /** A page to read; it changes nothing. */
  get(path: string, draw: (visit: Visit) => Answer | Promise<Answer>): void;
  /** What a form posts: answered by leading elsewhere (303), or with the form again and what was wrong. */
  post(
    path: string,
    act: (visit: Visit, form: FormData) => Answer | Promise<Answer>,
    options?: PostOptions,
  ): void;
}

/** Leads on after a change, so that loading the page again does not repeat it. */
export function seeOther(path: string, headers: Headers = new Headers()): Response {
  headers.set('location', path);
  return new Response(null, { status: 303, headers });
}
