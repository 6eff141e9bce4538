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
    | 'evidence.body-read';
  /** What was read: a message id, a record, a party. */
  readonly target: string;
  readonly purpose?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
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
  try {
    await journal.append({ actor: principalOf(context).id, outcome: 'done', ...read });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const detail = `Who reads evidence is written into the journal first, and that failed: ${reason}. Nothing was handed out`;
    throw new Problem(503, 'journal-failed', detail, { cause });
  }
}
