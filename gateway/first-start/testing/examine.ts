import type { WatchedPage } from '../../console/testing/browser.ts';

/** What is wrong with a page for who uses no mouse, a screen reader or a telephone; nothing is as it should be. */
export async function findFaults(watched: WatchedPage): Promise<readonly string[]> {
  const { page } = watched;
  const path = new URL(page.url()).pathname;
  const faults = await watched.findFaults(200);
  const size = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 740 });
  const width = Number(await page.evaluate('document.documentElement.scrollWidth'));
  if (size !== null) await page.setViewportSize(size);
  const kept = await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]');
  return [
    ...(faults === undefined ? [] : [`${path}: ${JSON.stringify(faults)}`]),
    ...(width > 360 ? [`${path}: ${width} wide on a telephone`] : []),
    ...(JSON.stringify(kept) === '[0,0,""]' ? [] : [`${path}: a script could read ${JSON.stringify(kept)}`]),
  ];
}
