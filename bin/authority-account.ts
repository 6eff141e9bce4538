import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { Agent, request } from 'undici';
import { type ProfileName, profileClasses } from '../certs/authority/index.ts';

interface AccountOptions {
  readonly data: string;
  readonly acme: string;
  readonly instance: string;
  readonly class: string;
  readonly code: string;
  readonly name: string;
  readonly country?: string;
  readonly profile: ProfileName;
}

const timeoutMs = 30_000;

/** `waygate authority open-account`: lets a member order its certificates over ACME, for as long as it renews them. */
export function openAccountCommand(): Command {
  return new Command('open-account')
    .description('open an account with which a member orders and renews certificates over ACME')
    .requiredOption('--data <dir>', 'folder of this authority')
    .requiredOption('--acme <url>', 'directory of its ACME server, as it printed it')
    .requiredOption('--instance <code>', 'of which the member is')
    .requiredOption('--class <code>', 'of the member')
    .requiredOption('--code <code>', 'of the member')
    .requiredOption('--name <name>', 'of the member, as certificates show it')
    .option('--country <code>', 'of the member')
    .addOption(
      new Option('--profile <profile>', 'of its certificates')
        .choices(Object.keys(profileClasses))
        .default('basic-acme'),
    )
    .addHelpText(
      'after',
      '\nPrints one JSON document with the keyId and the macKey that the settings file of the security server names' +
        '\n(acme.directories, externalAccount). Hand it over as you would a password.',
    )
    .action(openAccount);
}

async function openAccount(options: AccountOptions): Promise<void> {
  const { data, acme, instance, class: memberClass, code: memberCode, name: memberName } = options;
  const { country, profile } = options;
  const secret = (await readFile(join(data, 'issue-secret'), 'utf8')).trim();
  const agent = new Agent({ connect: { ca: await readFile(join(data, 'ca.pem'), 'utf8') } });
  const applicant = {
    ...{ instance, memberClass, memberCode, memberName },
    ...(country !== undefined && { country }),
  };
  try {
    const { statusCode, body } = await request(new URL('/external-accounts', acme), {
      ...{ method: 'POST', dispatcher: agent, signal: AbortSignal.timeout(timeoutMs) },
      headers: { authorization: `Bearer ${secret}` },
      body: JSON.stringify({ applicant, profile }),
    });
    const text = await body.text();
    if (statusCode !== 201) throw new Error(`the authority opened no account (${statusCode}): ${text}`);
    process.stdout.write(`${text}\n`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${reason}; is it running, and is ${acme} the directory it printed?`, { cause });
  } finally {
    await agent.destroy();
  }
}
