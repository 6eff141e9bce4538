import {
  Facts,
  type FormProblem,
  LinkButton,
  Notice,
  Section,
  type Step,
  type StepState,
  Steps,
  type Visit,
} from '../../../gateway/console/index.ts';
import type { JoinStep } from '../../../gateway/joining/index.ts';
import { textsOf } from './texts.ts';

/** As `GET /api/v1/join` answers. */
export interface JoinAnswer {
  readonly result: 'none' | 'joining' | 'joined' | 'declined';
  readonly reason?: string;
  readonly isRunning: boolean;
  readonly trouble?: string;
  readonly isFounded: boolean;
  readonly isPinKnown: boolean;
  /** Names of those in which the key for signing may be made. */
  readonly devices: readonly string[];
  readonly certificates: readonly {
    readonly use: 'signing' | 'authentication';
    readonly isBrought: boolean;
  }[];
  readonly steps: readonly JoinStep[];
}

export type Problems = readonly FormProblem[];

/** @returns undefined where this server joins nothing */
export async function readJoin({ api }: Visit): Promise<JoinAnswer> {
  return api.get<JoinAnswer>('/api/v1/join');
}

const stepStates: Readonly<Record<JoinStep['state'], StepState>> = {
  pending: 'waiting',
  running: 'current',
  waiting: 'current',
  failed: 'failed',
  done: 'done',
};

/** How far a joining is: what is awaited from whom, above all steps. */
export function JoinProgress({ visit, join }: { readonly visit: Visit; readonly join: JoinAnswer }) {
  const t = textsOf(visit);
  const { steps, result, reason } = join;
  return (
    <>
      {result === 'declined' && (
        <Notice kind="danger" heading={t.declined}>
          <p>{t.declinedReason(reason ?? visit.texts.none)}</p>
          <p>{t.declinedNext}</p>
        </Notice>
      )}
      {result === 'joined' && <Notice kind="success">{t.joined}</Notice>}
      {result === 'joining' && <Awaited visit={visit} join={join} />}
      <Section title={t.title}>
        <Steps steps={steps.map((step) => showStep(visit, step, result))} />
      </Section>
    </>
  );
}

function Awaited({ visit, join }: { readonly visit: Visit; readonly join: JoinAnswer }) {
  const t = textsOf(visit);
  const { steps, isRunning, trouble, certificates, isFounded, isPinKnown } = join;
  const step = steps.find(({ state }) => state === 'waiting' || state === 'failed');
  // Of the joiner a server that is founded needs nothing but its tokens.
  const needsToken = isFounded && step?.state === 'waiting' && step.awaits === 'joiner';
  const needsPin = step?.code === 'founding' && step.state === 'waiting' && !isPinKnown;
  return (
    <>
      {step !== undefined && (
        <Section title={step.state === 'failed' ? t.stopped : t.awaited}>
          <Facts
            rows={[
              [t.steps[step.code], step.detail],
              [t.who, step.awaits && t.parties[step.awaits]],
              [t.whatToDo, step.remedy],
            ]}
          />
          {certificates.length > 0 && <LinkButton href="/join/certificates" text={t.bring} />}
          {needsPin && <LinkButton href="/join/pin" text={t.enterPin} />}
          {needsToken && <LinkButton href="/tokens" text={t.toTokens} />}
        </Section>
      )}
      {!isRunning && trouble !== undefined && <Notice kind="danger">{trouble}</Notice>}
      {!isFounded && <Notice kind="info">{t.signInLater}</Notice>}
    </>
  );
}

function showStep(visit: Visit, step: JoinStep, result: JoinAnswer['result']): Step {
  const { code, state, detail } = step;
  const isEnded = result === 'declined' && (state === 'running' || state === 'waiting');
  return {
    title: textsOf(visit).steps[code],
    // Nobody is awaited any more when the registry has said no.
    state: isEnded ? 'failed' : stepStates[state],
    ...(detail !== undefined && { detail }),
  };
}
