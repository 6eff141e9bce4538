import { useVisit } from '../visit.ts';

/** Main navigation: a column on wide screens, folded behind a summary on small ones; works without script. */
export function Nav() {
  const visit = useVisit();
  const groups = visit.frame.navigation(visit);
  const here = current(
    visit.url.pathname,
    groups.flatMap(({ links }) => links.map(({ href }) => href)),
  );
  const lists = groups.map(({ heading, links }) => (
    <section>
      {heading !== undefined && <p class="wg-nav-heading">{heading}</p>}
      <ul>
        {links.map(({ href, text, count }) => (
          <li>
            <a href={href} aria-current={href === here ? 'page' : undefined}>
              <span>{text}</span>
              {count !== undefined && count > 0 && <span class="wg-count">{count}</span>}
            </a>
          </li>
        ))}
      </ul>
    </section>
  ));
  return (
    <>
      <nav class="wg-nav" aria-label={visit.texts.mainNavigation}>
        {lists}
      </nav>
      <details class="wg-menu">
        <summary>{visit.texts.menu}</summary>
        <nav class="wg-nav" aria-label={visit.texts.mainNavigation}>
          {lists}
        </nav>
      </details>
    </>
  );
}

/** The link under which a page stands: the longest that begins its path. */
function current(path: string, hrefs: readonly string[]): string | undefined {
  const above = hrefs.filter((href) => (href === '/' ? path === '/' : `${path}/`.startsWith(`${href}/`)));
  return above.sort((a, b) => b.length - a.length)[0];
}
