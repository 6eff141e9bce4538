import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const style = readFileSync(new URL('./page.css', import.meta.url), 'utf8');
const html = readFileSync(new URL('./page.html', import.meta.url), 'utf8');

/** Custom properties of the first block behind a selector or query. */
function colours(from: number): ReadonlyMap<string, string> {
  const block = style.slice(from, style.indexOf('}', from));
  return new Map(
    [...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6})/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

/** @see WCAG 2.2, relative luminance */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string | undefined, other: string | undefined): number {
  const [light = 0, dark = 0] = [one, other].map((hex) => luminance(hex ?? '')).sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const schemes = [
  ['light', colours(style.indexOf(':root'))],
  ['dark', colours(style.indexOf('prefers-color-scheme: dark'))],
] as const;

describe.each(schemes)('the colours of the page, %s', (_name, palette) => {
  const on = (ground: string, names: readonly string[]) => names.map((name) => [name, ground] as const);
  const texts = [
    ...on('paper', ['ink', 'soft', 'link', 'good', 'bad', 'note']),
    ...on('ground', ['ink', 'soft', 'link']),
    ...on('good-ground', ['ink', 'soft', 'good']),
    ...on('bad-ground', ['ink', 'soft', 'bad']),
    ...on('note-ground', ['ink', 'soft', 'note']),
  ];

  it.each(texts)('can be read: %s on %s (WCAG 2.2, 1.4.3)', (text, ground) => {
    expect(contrast(palette.get(text), palette.get(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(['paper', 'ground'])('show where to write and press, on %s (WCAG 2.2, 1.4.11)', (ground) => {
    expect(contrast(palette.get('edge'), palette.get(ground))).toBeGreaterThanOrEqual(3);
  });
});

describe('the fields of the page', () => {
  const fields = [...html.matchAll(/<(?:input|textarea) id="([^"]+)"[^>]*aria-describedby="([^"]+)"/g)];

  it.each(fields.map(([, id, help]) => [id, help]))('have a label and an explanation: %s', (id, help) => {
    expect(html).toContain(`<label for="${id}">`);
    expect(html).toContain(`id="${help}"`);
  });

  it('are all of them', () => {
    expect(fields).toHaveLength([...html.matchAll(/<(?:input|textarea|select)/g)].length);
  });
});
