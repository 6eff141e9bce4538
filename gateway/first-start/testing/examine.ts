import type { WatchedPage } from '../../console/testing/browser.ts';

/** What is wrong with a page for who uses no mouse, a screen reader or a telephone; nothing is as it should be. */
export async function findFaults(watched: WatchedPage): Promise<readonly string[]> {
  const { page } = watched;
  const path = new URL(page.url()).pathname;
  const inline = await page.locator('script:not([src]), style, [style], [onclick], [onload]').count();
  const barriers = await watched.findBarriers();
  const unreachable = await watched.findUnreachable();
  const size = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 740 });
  const width = Number(await page.evaluate('document.documentElement.scrollWidth'));
  if (size !== null) await page.setViewportSize(size);
  const kept = await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]');
  return [
    ...barriers.map((one) => `${path}: ${one}`),
    ...unreachable.map((one) => `${path}: not reached by key: ${one}`),
    ...(inline > 0 ? [`${path}: ${inline} inline`] : []),
    ...(width > 360 ? [`${path}: ${width} wide on a telephone`] : []),
    ...(JSON.stringify(kept) === '[0,0,""]' ? [] : [`${path}: a script could read ${JSON.stringify(kept)}`]),
  ];
}
