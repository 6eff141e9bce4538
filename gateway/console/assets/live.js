/**
 * Parts of a page that change by themselves: `<div id data-live="SECONDS">`. The page is fetched again and the part
 * put in place of the former one, when it differs and nobody is working in it. A page that nobody looks at asks no
 * more: it would keep its session from ending. One with `data-follow` goes along when it is led elsewhere.
 */
const idleMs = 10 * 60_000;
let seenAt = Date.now();
for (const kind of ['keydown', 'pointermove', 'pointerdown', 'scroll']) {
  document.addEventListener(kind, () => {
    seenAt = Date.now();
  });
}

function withoutAges(part) {
  const copy = part.cloneNode(true);
  for (const age of copy.querySelectorAll('.wg-age')) age.remove();
  return copy.innerHTML;
}

for (const part of document.querySelectorAll('[data-live]')) {
  const everyMs = Math.max(2, Number(part.dataset.live)) * 1000;
  const refresh = async () => {
    if (document.hidden || Date.now() - seenAt > idleMs || part.contains(document.activeElement)) return;
    const response = await fetch(location.href, { redirect: 'manual' }).catch(() => undefined);
    // What the page waited for leads elsewhere now; other pages stay, with what somebody may be typing.
    if (response?.type === 'opaqueredirect' && part.dataset.follow !== undefined) location.reload();
    if (response?.ok !== true) return;
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const next = page.getElementById(part.id);
    if (next !== null && withoutAges(next) !== withoutAges(part)) part.replaceChildren(...next.childNodes);
  };
  setInterval(() => void refresh(), everyMs);
}
