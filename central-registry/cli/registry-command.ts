import { join } from 'node:path';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { issueSecretFile } from '../../certs/authority/index.ts';
import type { KeySpec } from '../../certs/key/index.ts';
import { loadSettings, proxiesSchema, readGivenSecret, readSecret } from '../../gateway/http/index.ts';
import { oidcSettingsSchema, userCommand } from '../../gateway/people/index.ts';
import { initRegistry } from '../init.ts';
import type { RunningRegistry } from '../main.ts';
import type { OwnAuthority } from '../own-authority.ts';
import type { MemberClass } from '../register/index.ts';
import { serveRegistry } from '../serve.ts';
import { registryBackupCommands } from './backup-commands.ts';
import { invitationCommands } from './invitation-command.ts';
import { reportLine } from './report-line.ts';

const keySpecs: Readonly<Record<string, KeySpec>> = {
  'P-256': { type: 'ec', curve: 'P-256' },
  'P-384': { type: 'ec', curve: 'P-384' },
  'RSA-3072': { type: 'rsa', bits: 3072 },
  'RSA-4096': { type: 'rsa', bits: 4096 },
};

const port = z.coerce
  .number({ error: 'a port from 0 to 65535 is expected' })
  .int()
  .min(0, 'a port from 0 to 65535 is expected')
  .max(65_535, 'a port from 0 to 65535 is expected');

/** Settings of `registry start`: file, then environment (`WAYGATE_REGISTRY_…`), then options. */
const startSchema = z.object({
  data: z.string().describe('folder of this registry alone'),
  pinFile: z.string().optional().describe('file that holds the PIN alone'),
  configurationHost: z.string().default('0.0.0.0'),
  configurationPort: port.default(4080),
  adminHost: z.string().default('127.0.0.1'),
  adminPort: port.default(4000),
  adminUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('at which browsers reach the administration'),
  adminProxies: proxiesSchema.default([]).describe('IP addresses of proxies before it'),
  oidc: oidcSettingsSchema.optional().describe('how people sign in with an identity provider'),
  managementHost: z.string().default('127.0.0.1'),
  managementPort: port.default(4002),
  registrationHost: z.string().default('0.0.0.0'),
  registrationPort: port.default(4001),
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('base address written into anchors'),
  renewSeconds: z.coerce.number().int().min(1).max(3600).default(60),
  joinAuthorityUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('authority that gives certificates out to who was invited'),
  joinAuthoritySecretFile: z.string().optional().describe('file with the secret that opens enrolments there'),
  joinAuthorityProfile: z.string().default('basic'),
  joinPorts: z
    .string()
    .regex(/^\d{1,5}(,\d{1,5})?$/, 'one or two ports are expected, with a comma between them')
    .default('5500')
    .describe('at which a joining server is tried'),
  joinAddresses: z.enum(['public', 'private', 'loopback']).default('public'),
});

interface InitOptions {
  readonly data: string;
  readonly instance: string;
  readonly address: string;
  readonly keys: string;
  readonly pinFile?: string;
  readonly memberClass: readonly string[];
  readonly administrator?: string;
  readonly administratorPasswordFile?: string;
  readonly withAuthority?: string;
  readonly authorityUrl?: string;
  readonly authorityPinFile?: string;
  readonly json?: boolean;
}

/** `waygate registry`: found an instance, and run its registry. */
export function registryCommand(): Command {
  const command = new Command('waygate registry').description('the central registry of an instance');
  command
    .command('init')
    .description('found an instance: its register, a token, and the keys of its configuration')
    .requiredOption('--data <dir>', 'folder of this registry alone')
    .requiredOption('--instance <code>', 'code of the instance; can never be changed')
    .option('--address <host>', 'host name or IP address at which servers reach the registry', '127.0.0.1')
    .addOption(
      new Option('--keys <kind>', 'kind of the configuration keys')
        .choices(Object.keys(keySpecs))
        .default('P-256'),
    )
    .option('--pin-file <file>', 'file with the PIN; else WAYGATE_REGISTRY_PIN, else the terminal')
    .option(
      '--member-class <code=description>',
      'class of members; may be given again, and more can be added later',
      (one: string, all: readonly string[]) => [...all, one],
      [] as readonly string[],
    )
    .option('--administrator <name>', 'the first who may sign in; others are added with `registry user add`')
    .option(
      '--administrator-password-file <file>',
      'file with the password alone; else WAYGATE_REGISTRY_PASSWORD, else the terminal',
    )
    .option(
      '--with-authority <dir>',
      'folder of a small authority that the instance trusts from the beginning; founded there unless it is there',
    )
    .option('--authority-url <url>', 'at which servers will reach it (http://ADDRESS:4050)')
    .option(
      '--authority-pin-file <file>',
      'file with the PIN of its keys; else WAYGATE_AUTHORITY_PIN, else the terminal',
    )
    .option('--json', 'print one JSON document')
    .action(init);
  command
    .command('start')
    .description(
      'publish the configuration and serve administrators until interrupted; of an empty folder: found an instance in a browser',
    )
    .option('--settings <file>', 'YAML or JSON file with any of the settings below')
    .option('--data <dir>', 'folder of this registry')
    .option('--pin-file <file>', 'file with the PIN; else WAYGATE_REGISTRY_PIN, else the terminal')
    .option('--configuration-host <host>', 'where the configuration is served (0.0.0.0)')
    .option('--configuration-port <port>', '(4080)')
    .option('--admin-host <host>', 'where the administration API is served, in the clear (127.0.0.1)')
    .option('--admin-port <port>', '(4000)')
    .option('--admin-url <url>', 'at which browsers reach it, when a proxy stands before it')
    .option(
      '--admin-proxies <addresses>',
      'of such proxies, comma-separated: whom they name is who is connected',
    )
    .option('--management-host <host>', 'where management requests are taken, in the clear (127.0.0.1)')
    .option('--management-port <port>', '(4002)')
    .option('--registration-host <host>', 'where authentication certificates are registered (0.0.0.0)')
    .option('--registration-port <port>', '(4001)')
    .option('--public-url <url>', 'address written into anchors, when a proxy stands before the registry')
    .option('--join-authority-url <url>', 'authority that gives certificates out to who was invited')
    .option('--join-authority-secret-file <file>', 'file with the secret that opens enrolments there')
    .option('--join-authority-profile <name>', 'of its certificates (basic)')
    .option('--join-ports <ports>', 'at which a joining server is tried, one or two (5500)')
    .option(
      '--join-addresses <kind>',
      'where a joining server is tried: public, private networks too, or loopback too (public)',
    )
    .option('--renew-seconds <seconds>', 'pause between renewals of the configuration (60)')
    .option('--json', 'print one JSON document when ready')
    .action(start);
  for (const one of [...invitationCommands(), ...registryBackupCommands()]) command.addCommand(one);
  command.addCommand(
    userCommand({ admin: 'http://127.0.0.1:4000', passwordVariable: 'WAYGATE_REGISTRY_PASSWORD' }),
  );
  return command;
}

async function init(options: InitOptions): Promise<void> {
  const { data, instance, address, keys, pinFile, memberClass, administrator: name, json } = options;
  const pin = await readPin(pinFile);
  const keySpec = keySpecs[keys];
  const file = options.administratorPasswordFile;
  const authority = ownAuthority(options);
  await initRegistry({
    ...{ data, instance, address, pin, memberClasses: memberClass.map(readMemberClass) },
    ...(keySpec !== undefined && { keySpec }),
    ...(name !== undefined && { administrator: { name, password: await readAdministratorPassword(file) } }),
    ...(authority !== undefined && { authority }),
  });
  if (json === true) {
    const shown = authority && { folder: authority.folder, url: authority.url };
    process.stdout.write(`${JSON.stringify({ instance, data, authority: shown })}\n`);
    return;
  }
  process.stdout.write(
    [
      `The registry of instance ${instance} is founded in ${data}.`,
      ...(authority === undefined
        ? [`Start it: waygate registry start --data ${data}`]
        : startingWithAuthority(data, authority)),
      '',
    ].join('\n'),
  );
}

/** @throws Error when something is said of an authority that is not asked for */
function ownAuthority(options: InitOptions): OwnAuthority | undefined {
  const { withAuthority: folder, authorityUrl, authorityPinFile: file, address } = options;
  if (folder === undefined) {
    if (authorityUrl === undefined && file === undefined) return undefined;
    throw new Error('--authority-url and --authority-pin-file belong to --with-authority DIR');
  }
  const host = address.includes(':') ? `[${address}]` : address;
  const url = (authorityUrl ?? `http://${host}:4050`).replace(/\/$/, '');
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new Error(`--authority-url: '${url}' is not an http or https address`);
  }
  const environment = process.env;
  const askPin = () => readSecret({ name: 'PIN', file, variable: 'WAYGATE_AUTHORITY_PIN', environment });
  return { folder, url, askPin };
}

function startingWithAuthority(data: string, { folder, url }: OwnAuthority): string[] {
  const { protocol, hostname, port: named } = new URL(url);
  const host = isLoopback(hostname) ? '' : ' --host 0.0.0.0';
  // Behind https, a proxy has the port.
  const listening = protocol === 'http:' && named !== '4050' ? `${host} --port ${named || 80}` : host;
  return [
    `It trusts the authority in ${folder}. Start both:`,
    `  waygate authority start --data ${folder}${listening} --public-url ${url}`,
    `  waygate registry start --data ${data} --join-authority-url ${url} --join-authority-secret-file ${join(folder, issueSecretFile)}`,
  ];
}

function readMemberClass(text: string): MemberClass {
  const mark = text.indexOf('=');
  return mark < 0
    ? { code: text, description: text }
    : { code: text.slice(0, mark), description: text.slice(mark + 1) };
}

async function start({
  settings: file,
  json,
  ...overrides
}: Readonly<Record<string, string>> & { readonly json?: boolean }): Promise<void> {
  const settings = loadSettings(startSchema, {
    file,
    environment: process.env,
    prefix: 'WAYGATE_REGISTRY',
    overrides,
  });
  const { data, pinFile, publicUrl, adminUrl, oidc, renewSeconds, ...others } = settings;
  const { joinAuthorityUrl, joinAuthoritySecretFile, joinAuthorityProfile, ...rest } = others;
  const { joinPorts, joinAddresses, ...places } = rest;
  const { managementHost, managementPort, registrationHost, registrationPort, ...listeners } = places;
  const pin = await readGivenPin(pinFile);
  const served = await serveRegistry({
    ...listeners,
    joining: {
      reach: { ports: joinPorts.split(',').map(Number), addresses: joinAddresses },
      ...(joinAuthorityUrl !== undefined && {
        authority: {
          url: joinAuthorityUrl.replace(/\/$/, ''),
          secret: await readAuthoritySecret(joinAuthoritySecretFile),
          profile: joinAuthorityProfile,
        },
      }),
    },
    management: { host: managementHost, port: managementPort },
    registration: { host: registrationHost, port: registrationPort },
    data,
    ...(pin !== undefined && { pin }),
    askPin: () => readPin(pinFile),
    onOpened: (address, codeFile) => {
      process.stderr.write(
        `The code of the first start was used from ${address}. The next one, should it be needed, is in ${codeFile}\n`,
      );
    },
    renewEveryMs: renewSeconds * 1000,
    ...(publicUrl !== undefined && { publicUrl }),
    ...(adminUrl !== undefined && { adminUrl }),
    ...(oidc !== undefined && { oidc }),
    report: (error, reference) => {
      process.stderr.write(reportLine(new Date(), error, reference));
    },
  });
  // Whoever starts programs may send the signal as soon as it reads the lines below.
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  if (!isLoopback(settings.adminHost)) {
    process.stderr.write(
      `The administration API listens on ${settings.adminHost} in the clear: put a TLS proxy before it, or the API key can be read on the way.\n`,
    );
  }
  if (!isLoopback(managementHost)) {
    process.stderr.write(
      `The management service listens on ${managementHost} in the clear, and trusts who reaches it: let only the security server that hosts it do so.\n`,
    );
  }
  const asJson = json === true;
  const { adminUrl: address, code } = served;
  if (code !== undefined) showFirstStart(address, code, data, asJson);
  // One document is all that programs are promised.
  const isTold = code !== undefined && asJson;
  const shown = served.registry.then((registry) => (isTold ? undefined : show(registry, data, asJson)));
  try {
    // A registry that cannot be started ends the program; until one is founded, only whoever interrupts it does.
    await Promise.race([interrupted, shown.then(() => interrupted)]);
  } finally {
    await served.close();
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

function showFirstStart(adminUrl: string, code: string, data: string, asJson: boolean): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ adminUrl, code })}\n`);
    return;
  }
  process.stdout.write(
    [
      `No instance is founded in ${data} yet. Found one in a browser:`,
      `  address  ${adminUrl}/`,
      `  code     ${code}`,
      `The code opens once; it is also in ${join(data, 'first-start-code')}`,
      'Stop it with Ctrl+C.',
      '',
    ].join('\n'),
  );
}

function show(
  { instance, configurationUrl, adminUrl, managementUrl, registrationUrl }: RunningRegistry,
  data: string,
  asJson: boolean,
): void {
  if (asJson) {
    process.stdout.write(
      `${JSON.stringify({ instance, configurationUrl, adminUrl, managementUrl, registrationUrl })}\n`,
    );
    return;
  }
  process.stdout.write(
    [
      `Registry of instance ${instance} is ready.`,
      `  configuration   ${configurationUrl}/internalconf`,
      `  administration  ${adminUrl}/openapi.json`,
      `  management      ${managementUrl}`,
      `  registration    ${registrationUrl}`,
      `  API key         in ${join(data, 'api-key')}`,
      'Stop it with Ctrl+C.',
      '',
    ].join('\n'),
  );
}

function readAuthoritySecret(file: string | undefined): Promise<string> {
  const variable = 'WAYGATE_REGISTRY_JOIN_AUTHORITY_SECRET';
  return readSecret({ name: 'join authority secret', file, variable, environment: process.env });
}

function readAdministratorPassword(file: string | undefined): Promise<string> {
  const variable = 'WAYGATE_REGISTRY_PASSWORD';
  return readSecret({ name: 'administrator password', file, variable, environment: process.env });
}

function readPin(file: string | undefined): Promise<string> {
  return readSecret({ name: 'PIN', file, variable: 'WAYGATE_REGISTRY_PIN', environment: process.env });
}

/** @returns undefined when it is neither in a file nor in the environment */
function readGivenPin(file: string | undefined): Promise<string | undefined> {
  return readGivenSecret({ name: 'PIN', file, variable: 'WAYGATE_REGISTRY_PIN', environment: process.env });
}
