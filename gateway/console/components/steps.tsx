import type { Child } from 'hono/jsx';
import { useVisit } from '../visit.ts';

export type StepState = 'done' | 'current' | 'waiting' | 'failed';

export interface Step {
  readonly title: string;
  readonly state: StepState;
  readonly detail?: Child;
}

/** What is done and what is left, in order. */
export function Steps({ steps }: { readonly steps: readonly Step[] }) {
  const { texts } = useVisit();
  const words = {
    done: texts.stepDone,
    current: texts.stepCurrent,
    waiting: texts.stepWaiting,
    failed: texts.stepFailed,
  };
  return (
    <ol class="wg-steps">
      {steps.map(({ title, state, detail }) => (
        <li class={`wg-step wg-step-${state}`} aria-current={state === 'current' ? 'step' : undefined}>
          <p>
            <strong>{title}</strong> <span class="wg-step-state">{words[state]}</span>
          </p>
          {detail !== undefined && <div class="wg-hint">{detail}</div>}
        </li>
      ))}
    </ol>
  );
}
