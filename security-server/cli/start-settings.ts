import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type Logger, pino } from 'pino';
import { z } from 'zod';
import { loadSettings, proxiesSchema, readGivenSecret, readSecret } from '../../gateway/http/index.ts';
import { type FirstPerson, oidcSettingsSchema } from '../../gateway/people/index.ts';
import { isPeerVersion } from '../../gateway/provider-side/index.ts';
import { acmeSettingsSchema } from '../acme/index.ts';
import { archiveSettingsSchema } from '../archive/index.ts';
import { type DiskSettings, explainDisk } from '../disk/index.ts';
import type { ServerSettings } from '../running-server.ts';
import { tokenSettingsSchema } from '../tokens/index.ts';
import type { TracingSettings } from '../tracing/index.ts';
import { lineOf, textOf } from './exchange-line.ts';

const port = z.coerce.number().int().min(0).max(65_535);
const flag = z.union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'] })], {
  error: 'expected true or false',
});

const megabytes = z.coerce.number().min(1).max(1_000_000_000);

/** Settings of `server start`: file, then environment (`WAYGATE_SERVER_…`), then options. */
const startSchema = z.object({
  data: z.string(),
  pinFile: z.string().optional(),
  pinFd: z.coerce
    .number()
    .int()
    .min(0)
    .max(1_023)
    .optional()
    .describe('descriptor from which the PIN is read'),
  pinCommand: z
    .union([z.string().min(1), z.array(z.string()).min(1)])
    .optional()
    .describe('program, or program and arguments, that writes the PIN'),
  clientHost: z.string().default('127.0.0.1'),
  clientPort: port.default(8080),
  clientTlsPort: port.default(8443),
  peerHost: z.string().default('0.0.0.0'),
  peerPort: port.default(5500),
  instancePeerPort: port.default(5500),
  posture: z.enum(['modern', 'xroad7']).default('modern'),
  onlyTls12: flag.default(false),
  pooledPeerConnections: flag.optional(),
  ocspPort: port.default(5577),
  instanceOcspPort: port.default(5577),
  minimumPeerVersion: z
    .string()
    .refine(isPeerVersion, { error: 'expected a semantic version such as 7.6.0' })
    .optional(),
  adminHost: z.string().default('127.0.0.1'),
  adminPort: port.default(4100),
  adminUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('at which browsers reach the administration'),
  adminProxies: proxiesSchema.default([]).describe('IP addresses of proxies before it'),
  oidc: oidcSettingsSchema.optional().describe('how people sign in with an identity provider'),
  timestampUrls: z
    .union([z.array(z.url()), z.string().transform((text) => text.split(',').map((url) => url.trim()))])
    .default([]),
  acceptableTimestampFailureSeconds: z.coerce.number().int().min(0).default(14_400),
  configurationPollSeconds: z.coerce.number().min(0.2).max(600).default(3),
  allowedFederations: z
    .string()
    .refine(isChoiceOfInstances, { error: 'expected none, all, or codes of instances separated by commas' })
    .default('none'),
  stopGraceSeconds: z.coerce.number().min(0).max(3_600).default(30),
  maxBodyMegabytes: z.coerce.number().min(1).default(10_240),
  logMaxPages: z.coerce.number().int().min(100).optional(),
  diskLowMegabytes: megabytes.optional(),
  diskLowDays: z.coerce.number().min(0).max(3_650).optional(),
  diskTightMegabytes: megabytes.optional(),
  diskFullMegabytes: megabytes.optional(),
  archive: archiveSettingsSchema.optional(),
  tokens: tokenSettingsSchema.optional(),
  acme: acmeSettingsSchema.optional(),
  circuitFailures: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('calls of a service that fail in a row before it is left alone'),
  circuitPauseSeconds: z.coerce.number().min(1).max(86_400).default(30),
  tracingUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('collector of traces (OTLP over HTTP, JSON)'),
  tracingTokenFile: z.string().optional().describe('file with the token that the collector asks for'),
  operationalDataDays: z.coerce.number().int().min(1).max(3650).default(7),
  operationalDataOffsetSeconds: z.coerce.number().int().min(1).max(3600).default(60),
  catalogueHours: z.coerce.number().min(0).max(8_760).default(168),
  catalogueClient: z
    .string()
    .regex(/^[^:\s]+(:[^:\s]+){2,3}$/, 'expected instance:class:member[:subsystem]')
    .optional(),
  joinWebhook: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('told what became of joining an instance'),
  joinWebhookSecretFile: z.string().optional().describe('file with the secret that signs what it is told'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export const pinOption = [
  '--pin-file <file>',
  'file with the PIN; else WAYGATE_SERVER_PIN, else the terminal, else (start) the console',
] as const;

export const pinFdOption = ['--pin-fd <n>', 'file descriptor from which the PIN is read'] as const;
export const pinCommandOption = ['--pin-command <program>', 'program that writes the PIN'] as const;
export const passwordOption = [
  '--administrator-password-file <file>',
  'file with the password alone; else WAYGATE_SERVER_PASSWORD, else the terminal',
] as const;

export type StartSettings = z.infer<typeof startSchema>;

/** @param overrides from the command line @throws SettingsError */
export function loadStartSettings(
  file: string | undefined,
  overrides: Readonly<Record<string, string>>,
): StartSettings {
  return loadSettings(startSchema, {
    file,
    environment: process.env,
    prefix: 'WAYGATE_SERVER',
    overrides,
  });
}

/** Where the PIN is read from. */
export type PinPlaces = Pick<StartSettings, 'pinFile' | 'pinFd' | 'pinCommand'>;

/** @returns undefined when none of its places is named: a server starts without it, signed out */
export function readGivenPin(places: PinPlaces): Promise<string | undefined> {
  return readGivenSecret(pinSources(places));
}

/** @returns undefined for nothing, or without a terminal: the PIN is entered in the console then */
export async function askPinAtTerminal(): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  process.stderr.write('Nothing starts the server signed out: its PIN can be entered in the console.\n');
  const typed = await readPin({});
  return typed === '' ? undefined : typed;
}

export function readPin(places: PinPlaces): Promise<string> {
  return readSecret(pinSources(places));
}

function pinSources({ pinFile: file, pinFd: fd, pinCommand: command }: PinPlaces) {
  return { name: 'PIN', file, fd, command, variable: 'WAYGATE_SERVER_PIN', environment: process.env };
}

/** The first person of a server, as the options of a command name them. */
export async function readAdministrator({
  administrator: name,
  administratorPasswordFile: file,
}: {
  readonly administrator?: string | undefined;
  readonly administratorPasswordFile?: string | undefined;
}): Promise<FirstPerson | undefined> {
  if (name === undefined) return undefined;
  const variable = 'WAYGATE_SERVER_PASSWORD';
  const password = await readSecret({
    ...{ name: 'administrator password', file, variable, environment: process.env },
  });
  return { name, password };
}

/** The settings of a running server, as options of a command that starts one. */
export function withStartOptions(command: Command): Command {
  return command
    .option('--client-host <host>', 'where information systems are served (127.0.0.1)')
    .option('--client-port <port>', 'HTTP for information systems (8080)')
    .option('--client-tls-port <port>', 'HTTPS for information systems (8443)')
    .option('--peer-host <host>', 'where other security servers are served (0.0.0.0)')
    .option('--peer-port <port>', '(5500)')
    .option('--instance-peer-port <port>', 'port of the other security servers of the instance (5500)')
    .option(
      '--posture <posture>',
      'modern, or xroad7 to meet Java servers: TLS 1.2 and the OCSP port too (modern)',
    )
    .option('--only-tls12 <yes>', 'true: show peers no more than a Java server would; needs xroad7 (false)')
    .option('--pooled-peer-connections <yes>', 'true: a connection serves many exchanges (false in xroad7)')
    .option('--ocsp-port <port>', "where peers ask for our certificates' statuses, in xroad7 (5577)")
    .option('--instance-ocsp-port <port>', 'port where they are asked of the other servers (5577)')
    .option('--minimum-peer-version <version>', 'least release of a calling server (7.6.0 in xroad7)')
    .option('--admin-host <host>', 'where the administration API is served, in the clear (127.0.0.1)')
    .option('--admin-port <port>', '(4100)')
    .option('--admin-url <url>', 'at which browsers reach it, when a proxy stands before it')
    .option(
      '--admin-proxies <addresses>',
      'of such proxies, comma-separated: whom they name is who is connected',
    )
    .option('--timestamp-urls <urls>', 'comma-separated; those of the instance unless told')
    .option(
      '--acceptable-timestamp-failure-seconds <s>',
      'how long to go on without timestamps; 0 for ever (14400)',
    )
    .option('--configuration-poll-seconds <s>', 'pause between looks at the registry (3)')
    .option(
      '--allowed-federations <instances>',
      'other instances whose members take part: none, all, or codes separated by commas (none)',
    )
    .option(
      '--stop-grace-seconds <s>',
      'how long exchanges under way may take to end when it is stopped (30)',
    )
    .option('--max-body-megabytes <n>', 'largest message body (10240)')
    .option('--log-max-pages <n>', 'pages of 4 KiB the message log may grow to; as the disk allows')
    .option(
      '--disk-low-megabytes <n>',
      'MiB free below which the disk is low, which warns (20480, less on small disks)',
    )
    .option('--disk-low-days <n>', 'days until the disk is full below which it is low (14)')
    .option(
      '--disk-tight-megabytes <n>',
      'MiB free below which exchanges are slowed down (2048, less on small disks)',
    )
    .option(
      '--disk-full-megabytes <n>',
      'MiB free below which exchanges are refused (512, less on small disks)',
    )
    .option('--operational-data-days <n>', 'how long operational data are kept for monitoring (7)')
    .option('--operational-data-offset-seconds <s>', 'how old operational data are when they are told (60)')
    .option(
      '--catalogue-hours <n>',
      'how often other providers are asked what they offer; 0: only when ordered (168)',
    )
    .option('--catalogue-client <id>', 'in whose name they are asked: instance:class:member[:subsystem]')
    .option('--join-webhook <url>', 'told what became of joining an instance')
    .option(
      '--join-webhook-secret-file <file>',
      'secret that signs it; else WAYGATE_SERVER_JOIN_WEBHOOK_SECRET',
    )
    .option(
      '--tracing-url <url>',
      'collector of traces, such as http://127.0.0.1:4318/v1/traces; none unless told',
    )
    .option('--tracing-token-file <file>', 'file with the token that the collector asks for')
    .option('--circuit-failures <n>', 'calls of a service that fail in a row before it is left alone (never)')
    .option('--circuit-pause-seconds <s>', 'how long, before one call tries it again (30)')
    .option('--log-level <level>', 'debug, info, warn or error (info)');
}

/** Of a running server: on standard error, one JSON document a line. */
export function loggerOf({ logLevel }: StartSettings): Logger {
  return pino({ level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
}

/** What starts a server with these settings. */
export function serverSettings(
  settings: StartSettings,
  logger: Pick<Logger, 'info' | 'warn' | 'error'>,
): Omit<ServerSettings, 'pin'> {
  const {
    data,
    pinFile: _file,
    pinFd: _fd,
    pinCommand: _command,
    logLevel: _level,
    allowedFederations,
    logMaxPages,
    archive,
    acme,
    tokens,
    ...others
  } = settings;
  const {
    adminUrl,
    oidc,
    catalogueClient,
    catalogueHours,
    tracingUrl,
    tracingTokenFile,
    circuitFailures,
    circuitPauseSeconds,
    ...rest
  } = others;
  const { posture, onlyTls12, pooledPeerConnections, ocspPort, instanceOcspPort, minimumPeerVersion } = rest;
  return {
    ...rest,
    data,
    acceptableTimestampFailureMs: rest.acceptableTimestampFailureSeconds * 1000,
    configurationPollMs: rest.configurationPollSeconds * 1000,
    peers: {
      posture,
      onlyTls12,
      ocspPort,
      instanceOcspPort,
      ...(pooledPeerConnections !== undefined && { pooled: pooledPeerConnections }),
      ...(minimumPeerVersion !== undefined && { minimumVersion: minimumPeerVersion }),
    },
    stopGraceMs: rest.stopGraceSeconds * 1000,
    maxBodyBytes: rest.maxBodyMegabytes * 1024 * 1024,
    allowedFederations:
      allowedFederations === 'none' || allowedFederations === 'all'
        ? allowedFederations
        : new Set(listInstances(allowedFederations)),
    disk: diskSettings(settings),
    onDiskLevel: (status, former) => {
      const isWorse = status.level !== 'ample';
      logger[isWorse ? 'warn' : 'info']({
        about: 'disk',
        level: status.level,
        former,
        detail: explainDisk(status),
      });
    },
    ...(logMaxPages !== undefined && { logMaxPages }),
    ...(archive !== undefined && { archive }),
    ...(acme !== undefined && { acme }),
    ...(circuitFailures !== undefined && {
      circuit: { failures: circuitFailures, pauseMs: circuitPauseSeconds * 1000 },
    }),
    ...(tracingUrl !== undefined && { tracing: tracingSettings(tracingUrl, tracingTokenFile) }),
    ...(tokens !== undefined && { tokens }),
    catalogueEveryMs: catalogueHours * 3_600_000,
    ...(catalogueClient !== undefined && { catalogueClient }),
    ...(adminUrl !== undefined && { adminUrl }),
    ...(oidc !== undefined && { oidc }),
    onExchange: (event) => logger[event.error === undefined ? 'info' : 'warn'](lineOf(event)),
    onTrouble: (about, error, reference) => logger.error({ about, reference, error: textOf(error) }),
  };
}

function tracingSettings(url: string, tokenFile: string | undefined): TracingSettings {
  return { url, ...(tokenFile !== undefined && { token: readFileSync(tokenFile, 'utf8').trim() }) };
}

const mebibyte = 1024 * 1024;

function diskSettings({
  diskLowMegabytes: low,
  diskLowDays: lowDays,
  diskTightMegabytes: tight,
  diskFullMegabytes: full,
}: StartSettings): DiskSettings {
  return {
    ...(low !== undefined && { lowBytes: low * mebibyte }),
    ...(lowDays !== undefined && { lowDays }),
    ...(tight !== undefined && { tightBytes: tight * mebibyte }),
    ...(full !== undefined && { fullBytes: full * mebibyte }),
  };
}

function listInstances(text: string): string[] {
  return text.split(',').map((instance) => instance.trim());
}

/** A list with `all` in it would admit an instance of that name, which nobody means. */
function isChoiceOfInstances(text: string): boolean {
  const instances = listInstances(text);
  const isWord = instances.some((instance) => instance === 'none' || instance === 'all');
  return text === 'none' || text === 'all' || (!isWord && !instances.includes(''));
}
