import { Command } from 'commander';
import {
  auditExportCommand,
  auditGapsCommand,
  auditImportCommand,
  auditImportedCommand,
  auditSearchCommand,
  auditShowCommand,
  auditStatisticsCommand,
} from '../security-server/index.ts';
import { auditFsckCommand } from './audit-fsck.ts';
import { auditPageCommand } from './audit-page.ts';
import { auditTilesCommand } from './audit-tiles.ts';
import { auditVerifyCommand } from './audit-verify.ts';
import { auditVerifyTilesCommand } from './audit-verify-tiles.ts';

/** `waygate audit`: evidence, from a running server or from files. */
export function auditCommand(): Command {
  return new Command('audit')
    .description('evidence of exchanges')
    .addCommand(auditSearchCommand())
    .addCommand(auditShowCommand())
    .addCommand(auditExportCommand())
    .addCommand(auditStatisticsCommand())
    .addCommand(auditGapsCommand())
    .addCommand(auditVerifyCommand())
    .addCommand(auditImportCommand())
    .addCommand(auditImportedCommand())
    .addCommand(auditFsckCommand())
    .addCommand(auditTilesCommand())
    .addCommand(auditVerifyTilesCommand())
    .addCommand(auditPageCommand())
    .addHelpText(
      'after',
      '\nsearch, show, export, statistics and gaps ask a running server; verify, import, imported, fsck, tiles,' +
        '\nverify-tiles and page need files alone.' +
        '\n\nFrom a complaint to evidence:' +
        '\n\n  waygate audit search --party PILOT:GOV:1001 --from 2026-11-01 --api-key-file api-key' +
        '\n  waygate audit show MESSAGE-ID --api-key-file api-key' +
        "\n  waygate audit export --id MESSAGE-ID --purpose 'complaint 117' --out 117.evidence.zip --api-key-file api-key" +
        '\n  waygate audit verify 117.evidence.zip',
    );
}
