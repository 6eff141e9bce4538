import type { Context } from 'hono';
import { Problem, principalOf } from '../../gateway/http/index.ts';
import type { AdminContext } from './context.ts';

/** What an auditor did, for the journal. */
export interface EvidenceRead {
  readonly action:
    | 'evidence.search'
    | 'evidence.show'
    | 'evidence.statistics'
    | 'evidence.gaps'
    | 'evidence.check'
    | 'evidence.export'
    | 'evidence.body-read'
    | 'exchange.explain';
  /** What was read: a message id, a record, a party. */
  readonly target: string;
  readonly purpose?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** What somebody did to the evidence, or in a member's name, for the journal. */
export interface EvidenceAct extends Omit<EvidenceRead, 'action'> {
  readonly action: 'evidence.erase' | 'evidence.key-rotate' | 'trial.call' | 'catalogue.gather';
}

/**
 * Writes down that evidence is read, before any of it leaves: nobody reads unseen.
 * @throws Problem journal-failed when it cannot be written down
 */
export async function requireAuditor(
  context: Context,
  { journal }: AdminContext,
  read: EvidenceRead,
): Promise<void> {
  await writeDown(context, journal, read, 'Who reads evidence', 'Nothing was handed out');
}

/**
 * Writes down that something is done to the evidence, or in a member's name, before it is done.
 * @throws Problem journal-failed when it cannot be written down
 */
export async function requireJournal(
  context: Context,
  { journal }: AdminContext,
  act: EvidenceAct,
): Promise<void> {
  await writeDown(context, journal, act, 'Who does this', 'Nothing was done');
}

async function writeDown(
  context: Context,
  journal: AdminContext['journal'],
  event: EvidenceRead | EvidenceAct,
  who: string,
  so: string,
): Promise<void> {
  try {
    await journal.append({ actor: principalOf(context).id, outcome: 'done', ...event });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const detail = `${who} is written into the journal first, and that failed: ${reason}. ${so}`;
    throw new Problem(503, 'journal-failed', detail, { cause });
  }
}
