/**
 * Elements out of words and data. Data only ever become text: there is no way here from a string to markup, and the
 * page's policy forbids every other.
 */
export type Child = Node | string | null | readonly Child[];

interface Attributes {
  readonly [name: string]: string | boolean | ((event: Event) => void) | undefined;
}

/** @param attributes functions are listeners; true stands alone; false and undefined are left out */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...content: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (typeof value === 'string') element.setAttribute(name, value);
  }
  append(element, content);
  return element;
}

function append(parent: Node, content: readonly Child[]): void {
  for (const child of content) {
    if (child === null) continue;
    if (typeof child === 'string') parent.appendChild(document.createTextNode(child));
    else if (child instanceof Node) parent.appendChild(child);
    else append(parent, child);
  }
}

/** Text of somebody else's, fenced: it can neither turn the line around nor hide in it. */
export function said(text: string): HTMLElement {
  return el('bdi', {}, visible(text));
}

/** With what cannot be seen written out: controls, joiners, and marks that change the direction of writing. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character === '\n' || character === '\t' ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/** A value to be taken elsewhere, with a button that copies it exactly. */
export function copyable(value: string, what: string): HTMLElement {
  const state = el('span', { class: 'copied', role: 'status' });
  const copy = (): void => {
    navigator.clipboard.writeText(value).then(
      () => state.replaceChildren('Copied'),
      () => state.replaceChildren('Not copied: select the text instead'),
    );
  };
  return el(
    'span',
    { class: 'copyable' },
    el('code', {}, said(value)),
    el('button', { type: 'button', class: 'copy', 'aria-label': `Copy ${what}`, click: copy }, 'Copy'),
    state,
  );
}

/** Names and values, one under another. */
export function table(rows: readonly (readonly [name: string, value: Child])[]): HTMLElement {
  return el(
    'dl',
    {},
    ...rows.map(([name, value]) => el('div', {}, el('dt', {}, visible(name)), el('dd', {}, value))),
  );
}
