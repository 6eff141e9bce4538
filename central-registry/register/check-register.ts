import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { checkpointFile, type JournalFinding, type NamedNote } from '../../gateway/journal/index.ts';
import { hashLeaf, TreeFiles } from '../../gateway/transparency/index.ts';
import { checkHistory, HistoryRows, historyPath } from '../history/index.ts';
import { captureRules, registerSteps } from './schema.ts';

export interface RegisterToCheck {
  /** Data folder of the registry; it may be in use. */
  readonly data: string;
  /** Signed notes that were kept elsewhere. */
  readonly held: readonly NamedNote[];
  /** Of the history, as it was told to you; else the register's own word is taken. */
  readonly verifierKey?: string;
}

export interface RegisterReport {
  readonly verifierKey: string | undefined;
  readonly entries: number;
  readonly isClean: boolean;
  readonly findings: readonly JournalFinding[];
}

export const registerFile = 'register.sqlite';

/**
 * Checks the history of a register as it lies on disk, and that the register is what the history says; changes
 * nothing.
 * @throws Error when there is no register, or one of an earlier or later release
 */
export async function checkRegister({ data, held, verifierKey }: RegisterToCheck): Promise<RegisterReport> {
  const database = new Database(join(data, registerFile), { readonly: true, fileMustExist: true });
  const copy = mkdtempSync(join(tmpdir(), 'waygate-history-'));
  let tree: TreeFiles | undefined;
  try {
    requireForm(database);
    // At one instant, whoever writes meanwhile.
    database.exec('BEGIN');
    const rows = new HistoryRows(database, captureRules);
    tree = grownTree(data, copy, rows);
    const known = verifierKey ?? rows.readKey();
    const path = join(historyPath(data), checkpointFile);
    const note = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
    const findings = await checkHistory(rows, {
      ...{ tree, held, verifierKey: known ?? '' },
      ownCheckpoint: note === undefined ? undefined : { name: checkpointFile, note },
    });
    // A register that was never served has signed nothing yet.
    const told = findings.filter(({ place }) => known !== undefined || place !== checkpointFile);
    const entries = rows.logRows.count();
    return { verifierKey: known, entries, isClean: told.length === 0, findings: told };
  } finally {
    tree?.close();
    rmSync(copy, { recursive: true });
    database.close();
  }
}

function requireForm(database: Database.Database): void {
  const form = Number(database.pragma('user_version', { simple: true }));
  if (form === registerSteps.length) return;
  const text = `The register has form ${form}, this release checks ${registerSteps.length}: start the registry with this release first, or check it with its own`;
  throw new Error(text);
}

/** The tree as it lies there, in a copy that takes in what was written since. */
function grownTree(data: string, copy: string, rows: HistoryRows): TreeFiles {
  const stored = join(historyPath(data), 'tree');
  if (existsSync(stored)) cpSync(stored, copy, { recursive: true });
  const tree = TreeFiles.open(copy);
  for (;;) {
    const from = tree.size;
    const next = rows.logRows.read(from, rows.logRows.count());
    // What comes after a gap is none of this tree's: it is found as put in.
    const leaves = next.filter(({ id }, index) => id === from + index).map(({ entry }) => hashLeaf(entry));
    if (leaves.length === 0) return tree;
    tree.append(leaves);
  }
}
