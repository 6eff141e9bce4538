import { readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { judgeBundle, type Verdict } from '../../gateway/evidence/index.ts';
import { readClaim } from '../../gateway/transparency/index.ts';
import type { ShownMessageId } from '../auditor/index.ts';
import { type AuditOptions, askEvidence, auditCommand, keyHelp, orderEvidence } from './audit-client.ts';
import { printable } from './print-table.ts';

interface ExportOptions extends AuditOptions {
  readonly id: readonly string[];
  readonly title?: string;
  readonly party?: string;
  readonly from?: string;
  readonly to?: string;
  readonly purpose: string;
  readonly bodies?: boolean;
  readonly neighbours: boolean;
  readonly checkpoint: readonly string[];
  readonly out: string;
}

/** `waygate audit show`: one message id, in plain words. */
export function auditShowCommand(): Command {
  return auditCommand('show', 'tell what happened under one message id, and judge the evidence of it')
    .argument('<id>', 'message id, X-Road-Id')
    .option('--steps', 'tell each step of the judgement')
    .addHelpText(
      'after',
      `${keyHelp}\n\nExit status: 0 the evidence is good, 1 it is not, 2 refused, wrong usage or unreachable.`,
    )
    .action(show);
}

/** `waygate audit export`: evidence in one file that proves itself. */
export function auditExportCommand(): Command {
  return auditCommand('export', 'save evidence in one file that proves itself')
    .alias('prove')
    .option('--id <id...>', 'message ids: one for its exchange, several with --title for a case', [])
    .option('--title <text>', 'what the case is about')
    .option('--party <id>', 'encoded member or subsystem; with --from and --to, all of its messages')
    .option('--from <time>', 'begin of the period: 2026-11-01')
    .option('--to <time>', 'its end, which no longer belongs to it: 2026-12-01')
    .requiredOption('--purpose <text>', 'why; it stands in the journal of the server')
    .option('--bodies', 'with the bodies of the messages; else their digests prove what they were')
    .option(
      '--no-neighbours',
      'tell nothing of responses to others, which else prove that a request without response had none',
    )
    .option('--checkpoint <file...>', 'signed checkpoints that you kept: proves that the log only grew', [])
    .requiredOption('--out <file>', 'file to write, which must not be there yet: case.evidence.zip')
    .addHelpText(
      'after',
      '\nThe log signs for what the file holds: who takes something out later is found. Of a period the file proves that' +
        '\nnothing is missing, or names what is. Whoever gets it judges it offline:' +
        `\n\n  waygate audit verify case.evidence.zip\n${keyHelp}` +
        '\n\nExit status: 0 written and good, 1 written and not good, 2 refused, wrong usage or unreachable.',
    )
    .action(exportEvidence);
}

async function show(id: string, options: AuditOptions & { readonly steps?: boolean }): Promise<void> {
  const shown = await askEvidence<ShownMessageId>(options, `/exchanges/${encodeURIComponent(id)}`);
  process.exitCode = shown.verdict.valid ? 0 : 1;
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(shown)}\n`);
    return;
  }
  const { exchanges, verdict, areBodiesJudged } = shown;
  const told = exchanges.map(({ requestId, sentences }) =>
    [`Request ${requestId}`, ...sentences.map((sentence) => `  ${sentence}`)].map(printable).join('\n'),
  );
  const steps = options.steps === true ? describeSteps(verdict) : [];
  const note = areBodiesJudged
    ? []
    : ['The bodies are large and were not judged: export them, and judge that.'];
  process.stdout.write(`${[...told, '', describeVerdict(verdict), ...steps, ...note].join('\n')}\n`);
}

function describeVerdict({ valid, code, reason, place }: Verdict): string {
  return valid
    ? 'The evidence is good.'
    : `The evidence is NOT good.\n  ${printable(`${place}: ${code}: ${reason}`)}`;
}

function describeSteps({ steps }: Verdict): string[] {
  return steps.map(({ state, about, text }) => printable(`  ${state.padEnd(6)}  ${about}: ${text}`));
}

async function exportEvidence(options: ExportOptions): Promise<void> {
  const { purpose, bodies, neighbours, out, json } = options;
  const heldCheckpoints = await Promise.all(options.checkpoint.map((file) => readFile(file, 'utf8')));
  const heldSizes = heldCheckpoints.map((note) => readClaim(note).size);
  const order = {
    ...{ scope: scopeOf(options), purpose, heldSizes },
    ...{ includeBodies: bodies === true, includeNeighbours: neighbours },
  };
  const { bytes, header } = await orderEvidence(options, '/exports', order);
  // Evidence that was saved before is never written over.
  await writeFile(out, bytes, { flag: 'wx', mode: 0o600 });
  const verdict = await judgeBundle(bytes, { heldCheckpoints });
  process.exitCode = verdict.valid ? 0 : 1;
  const records = Number(header('waygate-evidence-records') ?? 0);
  const period = header('waygate-evidence-period') ?? null;
  if (json === true) {
    process.stdout.write(
      `${JSON.stringify({ file: out, octets: bytes.length, records, period, verdict })}\n`,
    );
    return;
  }
  const when = period === null ? '' : `, from ${period.replace('/', ' to ')}`;
  const gaps = verdict.gaps.map(
    ({ pair, after, before }) =>
      `  missing: ${printable(pair)}, after number ${after}${before === null ? ', up to the end' : `, before ${before}`}`,
  );
  const lines = [
    `${out}: ${records} records${when}, ${bytes.length} octets.`,
    describeVerdict(verdict),
    ...gaps,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function scopeOf({ id, title, party, from, to }: ExportOptions): object {
  const [first, ...more] = id;
  if (party !== undefined) {
    if (from === undefined || to === undefined || first !== undefined)
      throw new Error('--party is exported for a period: give --from and --to, and no --id');
    return { kind: 'party', party, from, to };
  }
  if (first === undefined)
    throw new Error('what to export is expected: --id, or --party with --from and --to');
  if (title !== undefined) return { kind: 'case', title, queryIds: id };
  if (more.length > 0) throw new Error('several message ids are a case: give it a --title');
  return { kind: 'exchange', queryId: first };
}
