import type { Child } from 'hono/jsx';
import { frameCatalogue, languages } from '../texts/catalogue.ts';
import { schemes, useVisit } from '../visit.ts';
import { Csrf } from './form.tsx';
import { Nav } from './nav.tsx';
import { Notice } from './notice.tsx';

export interface Crumb {
  readonly href: string;
  readonly text: string;
}

/** What a page says; the frame around it is the same everywhere. */
export interface PageContent {
  readonly title: string;
  /** One sentence: what the page is for. */
  readonly lead?: string;
  /** Pages above this one, below the overview. */
  readonly crumbs?: readonly Crumb[];
  /** What was just done, said once above everything. */
  readonly done?: string;
  /** HTTP status; 200 unless told. */
  readonly status?: number;
  /** The title tells of a refused form. */
  readonly isRefused?: boolean;
  /** Beside the heading: the page's main act. */
  readonly act?: Child;
  readonly body: Child;
}

/** A whole document. */
export function Page({ title, lead, crumbs = [], done, isRefused, act, body }: PageContent) {
  const visit = useVisit();
  const { language, texts, scheme, frame, session, url } = visit;
  const isHome = url.pathname === '/';
  const hasNav = session !== undefined && frame.navigation(visit).length > 0;
  return (
    <html lang={language} data-color-scheme={scheme} data-size="sm">
      <head>
        <meta charset="utf-8" />
        <title>{`${isRefused ? `${texts.problemHeading}: ` : ''}${title} – ${frame.role(visit)} ${frame.instance}`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content={scheme === 'auto' ? 'light dark' : scheme} />
        <link rel="icon" href={frame.assets.icon.path} type="image/svg+xml" />
        {frame.assets.styles.map(({ path }) => (
          <link rel="stylesheet" href={path} />
        ))}
        {frame.assets.scripts.map(({ path }) => (
          <script type="module" src={path} />
        ))}
      </head>
      <body>
        <a class="ds-skip-link" href="#content">
          {texts.skipToContent}
        </a>
        <Header />
        <div class={hasNav ? 'wg-frame' : 'wg-frame wg-frame-alone'}>
          {hasNav && <Nav />}
          <main id="content" tabindex={-1}>
            {crumbs.length > 0 || (hasNav && !isHome) ? <Breadcrumbs crumbs={crumbs} title={title} /> : null}
            <div class="wg-title">
              <div>
                <h1 class="ds-heading" data-size="md">
                  {title}
                </h1>
                {lead !== undefined && <p class="wg-lead">{lead}</p>}
              </div>
              {act !== undefined && <div class="wg-act">{act}</div>}
            </div>
            {done !== undefined && <Notice kind="success">{done}</Notice>}
            {body}
          </main>
        </div>
        <Footer />
      </body>
    </html>
  );
}

function Header() {
  const visit = useVisit();
  const { texts, frame, session } = visit;
  return (
    <header class="wg-header">
      <a class="wg-brand" href="/">
        <img src={frame.assets.icon.path} alt="" width="32" height="32" />
        <span>
          <span class="wg-brand-name">{frame.instance}</span>
          <span class="wg-brand-role">{frame.role(visit)}</span>
        </span>
      </a>
      {session !== undefined && (
        <div class="wg-who">
          {frame.hasPeople ? (
            <a class="ds-link" href="/account">
              <span class="ds-sr-only">{texts.signedInAs} </span>
              {session.name}
            </a>
          ) : (
            <span>{session.name}</span>
          )}
          <form method="post" action="/sign-out">
            <Csrf />
            <button class="ds-button" data-variant="tertiary" data-size="sm" type="submit">
              {texts.signOut}
            </button>
          </form>
        </div>
      )}
    </header>
  );
}

function Breadcrumbs({ crumbs, title }: { readonly crumbs: readonly Crumb[]; readonly title: string }) {
  const { texts } = useVisit();
  return (
    <nav class="wg-crumbs" aria-label={texts.breadcrumbs}>
      <ol>
        {[{ href: '/', text: texts.home }, ...crumbs].map(({ href, text }) => (
          <li>
            <a class="ds-link" href={href}>
              {text}
            </a>
          </li>
        ))}
        <li aria-current="page">{title}</li>
      </ol>
    </nav>
  );
}

function Footer() {
  const { texts, language, scheme, frame, url, session } = useVisit();
  const schemeTexts = { auto: texts.likeDevice, light: texts.light, dark: texts.dark };
  return (
    <footer class="wg-footer">
      <form method="post" action="/preferences" aria-label={texts.displayOptions}>
        <Csrf />
        <input type="hidden" name="back" value={url.pathname + url.search} />
        <label>
          {texts.language}
          <select class="ds-input" name="language">
            {languages.map((one) => (
              <option value={one} selected={one === language} lang={one}>
                {frameCatalogue[one].languageName}
              </option>
            ))}
          </select>
        </label>
        <label>
          {texts.appearance}
          <select class="ds-input" name="scheme">
            {schemes.map((one) => (
              <option value={one} selected={one === scheme}>
                {schemeTexts[one]}
              </option>
            ))}
          </select>
        </label>
        <button class="ds-button" data-variant="secondary" data-size="sm" type="submit">
          {texts.apply}
        </button>
      </form>
      <p>
        {session !== undefined && (
          <>
            <a class="ds-link" href="/api-reference">
              {texts.apiReference}
            </a>
            {' · '}
          </>
        )}
        {texts.version(frame.version)} · {texts.footer}
      </p>
    </footer>
  );
}
