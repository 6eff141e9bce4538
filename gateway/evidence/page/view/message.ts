import { Fault } from '../../../fault/index.ts';
import { readErasedContainer } from '../../../signature/index.ts';
import type { BundleRecord } from '../../model.ts';
import { isUtf8 } from '../browser/buffer.ts';
import { sha512Hex } from '../browser/hashes.ts';
import { type Child, copyable, el, table, visible } from './dom.ts';
import { sizeText } from './words.ts';

/** More than this nobody reads here. */
const maxShownOctets = 64 * 1024;

/** The parts of a message, read when somebody unfolds them. */
export function renderMessage({ container, erased }: BundleRecord): HTMLElement | null {
  if (container === null) return null;
  const content = el('div', {});
  const unfold = (): void => {
    if (content.childElementCount > 0) return;
    content.replaceChildren(...renderParts(container), ...gone(erased));
  };
  return el('details', { class: 'message', toggle: unfold }, el('summary', {}, 'Show the message'), content);
}

function renderParts(container: Buffer): readonly HTMLElement[] {
  try {
    const { head, attachments } = readErasedContainer(container);
    const parts = [...(head === undefined ? [] : [['message.xml', head] as const]), ...attachments];
    return parts.map(([name, bytes]) => renderPart(name, bytes));
  } catch (error) {
    if (error instanceof Fault) return [el('p', {}, 'The message cannot be read.')];
    throw error;
  }
}

function gone(erased: readonly string[]): HTMLElement[] {
  return erased.map((name) => el('p', {}, `${visible(name)} was erased from the log and cannot be shown.`));
}

function renderPart(name: string, bytes: Buffer): HTMLElement {
  return el(
    'section',
    { class: 'part' },
    el('h4', {}, visible(name.replace(/^\//, ''))),
    table([
      ['size', sizeText(bytes.length)],
      ['SHA-512', copyable(sha512Hex(bytes), `SHA-512 of ${name}`)],
    ]),
    renderText(bytes),
  );
}

function renderText(bytes: Buffer): Child {
  if (bytes.length > maxShownOctets) return el('p', {}, 'Too long to be shown here.');
  if (!isUtf8(bytes)) return el('p', {}, 'This is not text.');
  return el('pre', { tabindex: '0', dir: 'auto' }, visible(bytes.toString('utf8')));
}
