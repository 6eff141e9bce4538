import type { BundleContent, BundleScope } from '../../model.ts';
import type { Gap, Verdict } from '../../verdict.ts';
import { type Child, copyable, el, said, table } from './dom.ts';
import { isOfRecord, renderRecords } from './records.ts';
import { renderSteps, sumUp } from './steps.ts';
import { instantText, partyText, plural, sizeText } from './words.ts';

export interface JudgedFile {
  readonly name: string;
  readonly size: number;
  /** SHA-256, hex. */
  readonly sha256: string;
  readonly verdict: Verdict;
  /** Of a bundle that can be read; undefined for containers and archives. */
  readonly content: BundleContent | undefined;
}

/** The whole report: verdict first, then what to do, then who sent what to whom, then every check. */
export function renderReport(file: JudgedFile): readonly HTMLElement[] {
  const { verdict, content } = file;
  const ofRecord = content === undefined ? () => false : isOfRecord(content);
  const general = verdict.steps.filter((step) => !ofRecord(step));
  return [
    renderVerdict(verdict),
    ...renderGaps(verdict.gaps),
    ...renderWarnings(verdict),
    renderFile(file),
    ...(content === undefined ? [] : [renderRecords(content, verdict.steps)]),
    el(
      'section',
      { 'aria-labelledby': 'general' },
      el(
        'h2',
        { id: 'general' },
        content === undefined ? 'What was checked' : 'What was checked of the file and the log',
      ),
      el('p', {}, `${sumUp(general)}. Unfold a line to see what it rests on.`),
      renderSteps(general),
    ),
  ];
}

function renderVerdict({ valid, code, reason, place, steps, warnings }: Verdict): HTMLElement {
  const [icon, word] = valid ? ['\u2713', 'Valid'] : ['\u2717', 'Not valid'];
  return el(
    'div',
    { class: valid ? 'verdict good' : 'verdict bad' },
    el('span', { class: 'icon', 'aria-hidden': 'true' }, icon ?? ''),
    el(
      'div',
      {},
      el(
        'h2',
        { id: 'verdict', tabindex: '-1', 'data-code': code ?? undefined, 'data-place': place ?? undefined },
        word ?? '',
      ),
      valid
        ? el(
            'p',
            {},
            `${sumUp(steps)}. The messages are as they were signed and recorded.${warnings.length > 0 ? ' Below is what that rests on.' : ''}`,
          )
        : [
            el('p', {}, el('strong', {}, 'Do not rely on this file. '), said(reason ?? '')),
            table([
              ['where', el('code', {}, said(place ?? ''))],
              ['code', el('code', {}, said(code ?? ''))],
            ]),
          ],
    ),
  );
}

function renderGaps(gaps: readonly Gap[]): HTMLElement[] {
  if (gaps.length === 0) return [];
  return [
    el(
      'section',
      { class: 'notice bad', 'aria-labelledby': 'gaps' },
      el('h2', { id: 'gaps' }, 'Missing messages'),
      el('ul', {}, ...gaps.map((gap) => el('li', {}, ...describeGap(gap)))),
    ),
  ];
}

function describeGap({ pair, after, before }: Gap): Child[] {
  const [client = '', provider = '', direction = '', side = ''] = pair.split('|');
  const what =
    side === 'client' ? 'as the asking server recorded them' : 'as the answering server recorded them';
  const between: Child[] = [
    ' between ',
    el('strong', {}, said(partyText(client))),
    ' and ',
    el('strong', {}, said(partyText(provider))),
    ` (${direction === 'request' ? 'requests' : 'responses'}, ${what})`,
  ];
  if (before === null) return [`All after number ${after}`, ...between];
  const first = after + 1;
  const last = before - 1;
  return [first === last ? `Number ${first}` : `Numbers ${first} to ${last}`, ...between];
}

function renderWarnings({ warnings, valid }: Verdict): HTMLElement[] {
  if (warnings.length === 0) return [];
  return [
    el(
      'section',
      { class: 'notice', 'aria-labelledby': 'warnings' },
      el('h2', { id: 'warnings' }, valid ? 'What this rests on: compare it yourself' : 'What else to know'),
      el('ul', {}, ...warnings.map((warning) => el('li', {}, said(warning)))),
    ),
  ];
}

function renderFile({ name, size, sha256, content }: JudgedFile): HTMLElement {
  return el(
    'section',
    { 'aria-labelledby': 'file' },
    el('h2', { id: 'file' }, 'The file'),
    table([
      ['name', said(name)],
      ['size', sizeText(size)],
      ['SHA-256', copyable(sha256, 'SHA-256 of the file')],
      ...(content === undefined
        ? []
        : ([
            ['is about', describeScope(content.scope)],
            ['has', plural(content.records.length, 'message')],
            ['from the log', copyable(content.origin, 'name of the log')],
            ['key of the log', copyable(content.verifierKey, 'key of the log')],
            [
              'exported, as it says',
              el('time', { datetime: content.createdAt }, instantText(content.createdAt)),
            ],
          ] as const)),
    ]),
  );
}

function describeScope(scope: BundleScope): Child {
  if (scope.kind === 'exchange') return ['one exchange, ', copyable(scope.queryId, 'message ID')];
  if (scope.kind === 'case') return ['a case, ', said(scope.title)];
  if (scope.kind === 'archive') {
    const whose = scope.group === '' ? 'the whole log' : partyText(scope.group);
    return ['an archive of ', el('strong', {}, said(whose)), ` from place ${scope.from} to ${scope.to}`];
  }
  return [
    'all of ',
    el('strong', {}, said(partyText(scope.party))),
    ` from ${instantText(scope.from)} to ${instantText(scope.to)}`,
  ];
}
