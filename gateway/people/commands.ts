import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { request } from 'undici';
import { readSecret, roles } from '../http/index.ts';

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
        const made = (await ask(options, 'POST', '/users', user)).answer as Listed;
        print(options, made, lineOf(made));
      }),
  );
  command.addCommand(
    toProgram(new Command('list'))
      .description('list the users')
      .action(async (options: AdminOptions) => {
        const listed = await askAll(options, '/users?limit=1000');
        print(options, listed, listed.map(lineOf).join('\n'));
      }),
  );
  command.addCommand(
    toProgram(new Command('remove'))
      .description('remove a user, with their sessions and API keys')
      .argument('<name>')
      .action(async (name: string, options: AdminOptions) => {
        await ask(options, 'DELETE', `/users/${encodeURIComponent(name)}`);
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
        await ask(options, 'PUT', `/users/${encodeURIComponent(name)}/password`, body);
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

/** Follows a list from page to page. */
async function askAll(options: AdminOptions, first: string): Promise<Listed[]> {
  const listed: Listed[] = [];
  let path: string | undefined = first;
  while (path !== undefined) {
    const { answer, next }: Asked = await ask(options, 'GET', path);
    listed.push(...(answer as readonly Listed[]));
    path = next;
  }
  return listed;
}

interface Asked {
  /** Undefined when there is nothing to say. */
  readonly answer: unknown;
  /** Path of the next page, if there is one. */
  readonly next: string | undefined;
}

/** @throws Error with what the program refuses, or that it cannot be reached */
async function ask(
  { admin, data }: AdminOptions,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: object,
): Promise<Asked> {
  const key = (await readFile(join(data, 'api-key'), 'utf8')).trim();
  const response = await request(`${new URL(admin).origin}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  }).catch((cause: Error) => {
    const message = `the administration API at ${admin} did not answer: ${cause.message}; check --admin, and that the program is running`;
    throw new Error(message, { cause });
  });
  const text = await response.body.text();
  const answer = text === '' ? undefined : (JSON.parse(text) as unknown);
  const next = /^<\/api\/v1([^>]+)>; rel="next"$/.exec(String(response.headers['link'] ?? ''))?.[1];
  if (response.statusCode < 300) return { answer, next };
  const { code, detail } = answer as { readonly code?: string; readonly detail?: string };
  throw new Error(`the request was refused: ${code ?? response.statusCode}: ${detail ?? ''}`);
}
