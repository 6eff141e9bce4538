import { Fault } from '../../fault/index.ts';
import { ArchiveError } from '../../signature/index.ts';
import { EvidenceError } from '../error.ts';
import type { BundleContent } from '../model.ts';
import { hasEvidence, readOwnArchive } from '../own-archive.ts';
import { isBundle, readBundle } from '../read-bundle.ts';
import { sha256Hex } from './browser/hashes.ts';
import { Unanswerable } from './browser/oracle.ts';
import { HeldError, readAnchorHash, readHeldCheckpoints, readHeldConfiguration } from './held.ts';
import { type Held, judgeOffered } from './judge-offered.ts';
import { el, said } from './view/dom.ts';
import { renderReport } from './view/report.ts';
import { sizeText } from './view/words.ts';

function find<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`the page has no ${id}`);
  return element;
}

const form = find('form', HTMLFormElement);
const drop = find('drop', HTMLElement);
const fileInput = find('file-input', HTMLInputElement);
const keyInput = find('key-input', HTMLInputElement);
const checkpointInput = find('checkpoint-input', HTMLTextAreaElement);
const anchorInput = find('anchor-input', HTMLInputElement);
const configurationInput = find('configuration-input', HTMLInputElement);
const status = find('status', HTMLElement);
const result = find('result', HTMLElement);

let chosen: File | undefined;
/** One judgement at a time: they share the answers of WebCrypto. */
let isJudging = false;
/** Meanwhile another file was given, or the same is to be checked again. */
let isAskedAgain = false;

async function check(): Promise<void> {
  if (isJudging) {
    isAskedAgain = true;
    return;
  }
  if (chosen === undefined) {
    status.replaceChildren('Choose a file first.');
    fileInput.focus();
    return;
  }
  isJudging = true;
  document.body.dataset['state'] = 'judging';
  result.replaceChildren();
  status.replaceChildren('Checking ', said(chosen.name), '\u2026');
  try {
    // Two frames, so that the line above is on the screen before the work begins.
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    await judge(chosen);
  } catch (error) {
    showTrouble(error);
  } finally {
    isJudging = false;
    document.body.dataset['state'] = 'done';
  }
  if (isAskedAgain) {
    isAskedAgain = false;
    await check();
  }
}

async function judge(file: File): Promise<void> {
  const bytes = await bytesOf(file);
  const { name, size } = file;
  const verdict = await judgeOffered({ name, bytes }, await readHeld());
  const content = await contentOf(name, bytes);
  result.replaceChildren(...renderReport({ name, size, sha256: sha256Hex(bytes), verdict, content }));
  status.replaceChildren();
  document.title = `${verdict.valid ? 'Valid' : 'Not valid'}: ${name}`;
  document.getElementById('verdict')?.focus();
}

async function readHeld(): Promise<Held> {
  const verifierKey = keyInput.value.trim();
  const heldCheckpoints = readHeldCheckpoints(checkpointInput.value);
  const anchorHash = readAnchorHash(anchorInput.value);
  const files = await Promise.all(
    [...(configurationInput.files ?? [])].map(async (file) => ({
      path: file.webkitRelativePath,
      bytes: await bytesOf(file),
    })),
  );
  return {
    ...(verifierKey !== '' && { verifierKey }),
    ...(heldCheckpoints.length > 0 && { heldCheckpoints }),
    ...(anchorHash !== undefined && { anchorHash }),
    ...(files.length > 0 && { configuration: readHeldConfiguration(files) }),
  };
}

/** What a browser holds several times over without running out of memory. */
const maxOctets = 512 * 1024 * 1024;

/** @throws Unanswerable for a file that is too large for a page */
async function bytesOf(file: File): Promise<Buffer> {
  if (file.size > maxOctets) {
    throw new Unanswerable(`${file.name} has ${sizeText(file.size)}; this page takes ${sizeText(maxOctets)}`);
  }
  return Buffer.from(await file.arrayBuffer());
}

/** What a bundle says, alone or in an archive; undefined for what has none, or cannot be read. */
async function contentOf(name: string, bytes: Buffer): Promise<BundleContent | undefined> {
  try {
    if (isBundle(bytes, name)) return readBundle(bytes);
    return hasEvidence(bytes) ? (await readOwnArchive(bytes)).content : undefined;
  } catch (error) {
    if (error instanceof EvidenceError || error instanceof ArchiveError) return undefined;
    throw error;
  }
}

/** Neither valid nor invalid: this browser, or what was given beside the file, does not let us tell. */
function showTrouble(error: unknown): void {
  status.replaceChildren();
  const isInput = error instanceof HeldError || error instanceof Fault;
  const message = error instanceof Error ? error.message : String(error);
  const remedy = isInput
    ? 'Correct what you gave beside the file, and check again.'
    : 'This says nothing about the file. Use a current Chromium, Firefox or Safari, or the command `waygate audit verify`.';
  const why =
    isInput || error instanceof Unanswerable ? message : `the page met a fault of its own: ${message}`;
  result.replaceChildren(
    el(
      'div',
      { class: 'verdict absent' },
      el('span', { class: 'icon', 'aria-hidden': 'true' }, '?'),
      el(
        'div',
        {},
        el('h2', { id: 'verdict', tabindex: '-1' }, 'No verdict'),
        el('p', {}, said(why)),
        el('p', {}, remedy),
      ),
    ),
  );
  document.title = 'No verdict';
  document.getElementById('verdict')?.focus();
}

function start(): void {
  void check();
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  start();
});
fileInput.addEventListener('change', () => {
  chosen = fileInput.files?.[0];
  if (chosen !== undefined) start();
});
// All of the page takes the file, so that a drop beside the box does not make the browser open it.
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  drop.classList.add('over');
});
document.addEventListener('dragleave', () => drop.classList.remove('over'));
document.addEventListener('drop', (event) => {
  event.preventDefault();
  drop.classList.remove('over');
  const [file] = event.dataTransfer?.files ?? [];
  if (file === undefined) return;
  chosen = file;
  start();
});

if (!globalThis.isSecureContext || globalThis.crypto.subtle === undefined) {
  status.replaceChildren(
    'This browser does not let the page check signatures: save the page and open it from your disk.',
  );
}
