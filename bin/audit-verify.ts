import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { readConfigurationFolder } from '../gateway/configuration/index.ts';
import type { Trust } from '../gateway/evidence/index.ts';
import type { Judgement } from '../security-server/index.ts';
import { describeVerdict } from './describe-verdict.ts';
import { judgeFiles } from './judge-files.ts';

interface VerifyOptions {
  readonly configuration?: string;
  readonly checkpoint: readonly string[];
  readonly verifierKey?: string;
  readonly anchorFingerprint?: string;
  readonly json?: boolean;
}

/** `waygate audit verify`: judges containers, archives and evidence bundles offline. */
export function auditVerifyCommand(): Command {
  return new Command('verify')
    .description('judge .asice containers, archive .zip files and .evidence.zip bundles, offline')
    .argument('<file...>', 'containers, archives and bundles')
    .option('--configuration <dir>', 'configuration as of then, in the layout of X-Road on disk')
    .option(
      '--checkpoint <file>',
      'for bundles: a signed checkpoint that you hold; may be repeated',
      collect,
      [],
    )
    .option('--verifier-key <key>', "for bundles: the log's key, as its owner publishes it")
    .option('--anchor-fingerprint <hash>', "for bundles: fingerprint of the instance's anchor")
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nThe configuration says whom to trust: take it from GET /verificationconf of a security server, or with' +
        '\n`waygate config verify --into DIR`. Bundles have one of their own, signed by their instance: without' +
        '\n--configuration they are judged by that, and what you then have to compare is told.' +
        '\n\nArchives that Waygate made have evidence in them, and are judged like bundles. Give those of one group together:' +
        '\neach is then held to the one before, so that none can be missing between them. One that ends in .gpg is opened' +
        '\nfirst: gpg --decrypt ARCHIVE.zip.gpg > ARCHIVE.zip' +
        '\n\nEvidence is judged as of then: what expired or was revoked since changes nothing.' +
        '\n\nA checkpoint that you kept shows whether the log was forked, cut or restored from an older backup since.' +
        '\n\nExit status: 0 all valid, 1 some not, 2 a file could not be read.',
    )
    .action(verify);
}

/** One file each time, so that what follows is not taken for another. */
function collect(file: string, before: readonly string[]): readonly string[] {
  return [...before, file];
}

async function verify(files: readonly string[], options: VerifyOptions): Promise<void> {
  const { json } = options;
  const trust = await readTrust(options);
  const judged = await judgeFiles(files, trust);
  const { results, bundles, linking } = judged;
  const isGood =
    results.every(({ valid }) => valid) &&
    linking?.valid !== false &&
    bundles.every(({ verdict }) => verdict.valid);
  if (json === true) {
    process.stdout.write(`${JSON.stringify({ results, linking, ...(bundles.length > 0 && { bundles }) })}\n`);
  } else {
    process.stdout.write(results.map(describe).join(''));
    if (linking !== null) {
      process.stdout.write(
        `linking: ${linking.valid ? 'valid' : `NOT valid: ${linking.code}: ${linking.reason}`}\n`,
      );
    }
    process.stdout.write(bundles.map(({ file, verdict }) => describeVerdict(file, verdict)).join(''));
  }
  process.exitCode = isGood ? 0 : 1;
}

async function readTrust(options: VerifyOptions): Promise<Trust> {
  const { configuration, checkpoint, verifierKey, anchorFingerprint: anchorHash } = options;
  return {
    heldCheckpoints: await Promise.all(checkpoint.map((file) => readFile(file, 'utf8'))),
    ...(configuration !== undefined && { configuration: await readConfigurationFolder(configuration) }),
    ...(verifierKey !== undefined && { verifierKey }),
    ...(anchorHash !== undefined && { anchorHash }),
  };
}

function describe(judgement: Judgement): string {
  const {
    file,
    valid,
    code,
    reason,
    signer,
    direction,
    messageId,
    signedAt,
    timestampedAt,
    parts,
    warnings,
  } = judgement;
  if (!valid) return `${file}: NOT valid\n  ${code}: ${reason}\n`;
  const named = parts.map(({ name, present }) => (present ? name : `${name} (signed, not kept)`)).join(', ');
  const lines = [
    `${file}: valid`,
    `  ${direction} ${messageId} of ${signer}`,
    `  signed       ${signedAt ?? 'at an unknown time'} (as the signer says)`,
    `  timestamped  ${timestampedAt}`,
    `  covers       ${named}`,
    ...warnings.map((warning) => `  note: ${warning}`),
  ];
  return `${lines.join('\n')}\n`;
}
