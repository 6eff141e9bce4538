import { Command } from 'commander';
import { accessOf, askAdmin, listFromAdmin, readSecret, roles } from '../http/index.ts';

export interface UserCommandSettings {
  /** Address of the administration API unless told. */
  readonly admin: string;
  /** Name of the environment variable with a password. */
  readonly passwordVariable: string;
}

interface AdminOptions {
  readonly data: string;
  readonly admin: string;
  readonly json?: boolean;
}

interface PasswordOptions extends AdminOptions {
  readonly passwordFile?: string;
}

interface Listed {
  readonly name: string;
  readonly roles: readonly string[];
  readonly signsInWith: string;
  readonly hasSecondFactor: boolean;
  readonly signedInAt?: string;
}

const passwordOption = [
  '--password-file <file>',
  'file with the password alone; else the environment, else the terminal',
] as const;

/** `user add|list|remove|password`, through the administration API of a running program, with its key file. */
export function userCommand(settings: UserCommandSettings): Command {
  const command = new Command('user').description('who may sign in to a running program, and as what');
  const toProgram = (one: Command) =>
    one
      .requiredOption('--data <dir>', 'folder of the program, which holds its API key')
      .option('--admin <url>', 'address of its administration API', settings.admin)
      .option('--json', 'print one JSON document');
  const password = (file: string | undefined) =>
    readSecret({ name: 'password', file, variable: settings.passwordVariable, environment: process.env });
  command.addCommand(
    toProgram(new Command('add'))
      .description('make a user')
      .argument('<name>', 'small letters, digits and . _ @ + -')
      .requiredOption('--role <role...>', roles.join(', '))
      .option(...passwordOption)
      .action(async (name: string, options: PasswordOptions & { readonly role: readonly string[] }) => {
        const user = { name, password: await password(options.passwordFile), roles: options.role };
        const made = await askAdmin<Listed>(await accessOf(options), 'POST', '/users', user);
        print(options, made, lineOf(made));
      }),
  );
  command.addCommand(
    toProgram(new Command('list'))
      .description('list the users')
      .action(async (options: AdminOptions) => {
        const listed = await listFromAdmin<Listed>(await accessOf(options), '/users?limit=1000');
        print(options, listed, listed.map(lineOf).join('\n'));
      }),
  );
  command.addCommand(
    toProgram(new Command('remove'))
      .description('remove a user, with their sessions and API keys')
      .argument('<name>')
      .action(async (name: string, options: AdminOptions) => {
        await askAdmin(await accessOf(options), 'DELETE', `/users/${encodeURIComponent(name)}`);
        print(options, { removed: name }, `${name} is removed.`);
      }),
  );
  command.addCommand(
    toProgram(new Command('password'))
      .description('give a user another password; all their sessions end')
      .argument('<name>')
      .option(...passwordOption)
      .action(async (name: string, options: PasswordOptions) => {
        const body = { password: await password(options.passwordFile) };
        await askAdmin(await accessOf(options), 'PUT', `/users/${encodeURIComponent(name)}/password`, body);
        print(options, { changed: name }, `${name} has another password.`);
      }),
  );
  return command;
}

function print({ json }: AdminOptions, document: unknown, text: string): void {
  process.stdout.write(`${json === true ? JSON.stringify(document) : text}\n`);
}

function lineOf({ name, roles: had, signsInWith, hasSecondFactor, signedInAt }: Listed): string {
  const factor = hasSecondFactor ? 'second factor' : 'no second factor';
  return [name.padEnd(20), had.join(','), signsInWith, factor, signedInAt ?? 'never signed in'].join('  ');
}
