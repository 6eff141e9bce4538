import type { Step } from '../../verdict.ts';
import { type Child, copyable, el, said, table } from './dom.ts';
import { instantText, plural, states, titleOf } from './words.ts';

/** Steps one under another; those that failed are unfolded. */
export function renderSteps(steps: readonly Step[]): HTMLElement {
  return el('ul', { class: 'steps' }, ...steps.map((step) => el('li', {}, renderStep(step))));
}

function renderStep(step: Step): HTMLElement {
  const { icon, word } = states[step.state];
  return el(
    'details',
    { class: `step ${step.state}`, open: step.state === 'bad' },
    el(
      'summary',
      {},
      el('span', { class: 'icon', 'aria-hidden': 'true' }, icon),
      el('span', { class: 'title' }, titleOf(step)),
      el('span', { class: 'state' }, word),
    ),
    el('p', {}, said(step.text)),
    table([
      ...step.details.map(([name, value]) => [name, renderValue(name, value)] as const),
      ...(step.code === null ? [] : [['code', el('code', {}, said(step.code))] as const]),
      ['looked at', el('code', {}, said(step.about))],
    ]),
  );
}

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
/** Hashes, keys, fingerprints and serial numbers: no reader compares them by eye. */
const long = /^[\w+/=:.-]{20,}$/;

function renderValue(name: string, value: string): Child {
  if (instant.test(value)) return el('time', { datetime: value }, instantText(value));
  return long.test(value) ? copyable(value, name) : said(value);
}

/** `6 checks passed`, or how many did not. */
export function sumUp(steps: readonly Step[]): string {
  const failed = steps.filter(({ state }) => state === 'bad').length;
  const missing = steps.filter(({ state }) => state === 'absent').length;
  const absent = missing === 0 ? '' : `, ${missing} could not be made`;
  if (failed > 0) return `${failed} of ${plural(steps.length, 'check')} failed${absent}`;
  return `${plural(steps.length - missing, 'check')} passed${absent}`;
}
