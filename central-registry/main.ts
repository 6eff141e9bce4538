import { join } from 'node:path';
import { openSoftwareToken, type Token } from '../certs/token/index.ts';
import { Backups } from '../gateway/backup/index.ts';
import type { ConfigurationVersion } from '../gateway/configuration/index.ts';
import { besideApi } from '../gateway/console/index.ts';
import {
  anyOf,
  behindProxies,
  fileKeyAuthentication,
  type ListenerInTurns,
  listen,
  listenInTurns,
  loadOrCreateApiKey,
  onlyForHosts,
} from '../gateway/http/index.ts';
import { joiningPath } from '../gateway/joining/index.ts';
import { Journal } from '../gateway/journal/index.ts';
import {
  addPeopleRoutes,
  type OidcSettings,
  OidcSignIn,
  People,
  peoplePath,
} from '../gateway/people/index.ts';
import { writeFileDurably } from '../gateway/store/index.ts';
import { createRegistryApi } from './admin/index.ts';
import { createRegistryConsole } from './console/index.ts';
import { History, historyOrigin, historyPath } from './history/index.ts';
import { auditLogOrigin, registerPath } from './init.ts';
import {
  createJoinerEndpoint,
  type EnrolmentAuthority,
  type JoinerEndpoint,
  loadOrMakeInvitationKey,
  type ReachSettings,
} from './invitations/index.ts';
import {
  createManagementListener,
  ensureRegistrationCertificate,
  registrationContext,
  serveOverTls,
} from './management/index.ts';
import {
  type Anchor,
  createConfigurationKey,
  createPublicationServer,
  deleteConfigurationKey,
  Holding,
  type HoldingLimits,
  Polls,
  Publisher,
  readAnchor,
} from './publication/index.ts';
import { type ConfigurationSource, Register, readSettings } from './register/index.ts';

/** Version of the administration API, not of the program. */
export const apiVersion = '1.0.0';

/** Where a service listens. */
interface Place {
  readonly host: string;
  readonly port: number;
}

export interface JoiningSettings {
  /** Gives certificates out to who was invited; absent: they bring certificates by hand. */
  readonly authority?: EnrolmentAuthority;
  /** How a joining server is tried; at port 5500 and at public addresses alone unless told. */
  readonly reach?: ReachSettings;
}

export interface RegistrySettings {
  readonly data: string;
  readonly pin: string;
  /** Where the configuration is served, in the clear: what counts is its signature. */
  readonly configurationHost: string;
  readonly configurationPort: number;
  /** Where the administration API is served, in the clear: keep it on the loopback, or behind a TLS proxy. */
  readonly adminHost: string;
  readonly adminPort: number;
  /** Listens there already, and is closed by whoever opened it; absent: the registry listens by itself. */
  readonly adminListener?: ListenerInTurns;
  /** Address at which browsers reach it, when a proxy stands before it; with https, cookies go nowhere else. */
  readonly adminUrl?: string;
  /** IP addresses of proxies that stand before it: whom they name in `x-forwarded-for` counts as connected. */
  readonly adminProxies?: readonly string[];
  /** How people sign in with an identity provider; needs `adminUrl`. */
  readonly oidc?: OidcSettings;
  /**
   * Where the management service listens, in the clear: whoever reaches it may act for every server, so only the
   * security server that hosts the service should. Absent: management requests are not taken.
   */
  readonly management?: Place;
  /** Where the registration service listens, over TLS. Absent: certificates are not registered by request. */
  readonly registration?: Place;
  /** How administrations that were invited join. */
  readonly joining?: JoiningSettings;
  /** Address written into anchors, when a proxy stands before the registry; its own unless told. */
  readonly publicUrl?: string;
  /** Requests for the configuration that wait for a change; 4,096, 64 for each address, 25 s unless told. */
  readonly holding?: HoldingLimits;
  /** Pause between renewals of the configuration. Milliseconds; 60 s unless told. */
  readonly renewEveryMs?: number;
  /** Newest version of the configuration that is published; the newest known unless told. */
  readonly newestVersion?: ConfigurationVersion;
  readonly now?: () => Date;
  /** Told of errors that nobody foresaw. @param reference what the caller was shown, if there was one */
  readonly report: (error: unknown, reference?: string) => void;
}

export interface RunningRegistry {
  readonly instance: string;
  /** Base of `/internalconf` and `/externalconf`. */
  readonly configurationUrl: string;
  readonly adminUrl: string;
  /** Of the management service, for the security server that hosts it; absent when it does not listen. */
  readonly managementUrl?: string;
  /** Of the registration service; absent when it does not listen. */
  readonly registrationUrl?: string;
  /** Opens the administration API; also in the file `api-key` of the data folder. */
  readonly apiKey: string;
  /** How many requests for the configuration wait for a change now. */
  heldRequests(): number;
  /** The anchor file to hand to security servers, or to other instances. */
  anchor(source: ConfigurationSource): Promise<Anchor>;
  close(): Promise<void>;
}

/**
 * Starts a registry that was founded: publishes the configuration, serves it and the administration API.
 * @throws RegisterError not-found when none was founded; TokenError pin-incorrect, pin-locked; PortError
 */
export async function startRegistry(settings: RegistrySettings): Promise<RunningRegistry> {
  const { data, pin, publicUrl, report, now = () => new Date() } = settings;
  const register = await Register.open(registerPath(data), now);
  const closers: (() => Promise<void> | void)[] = [() => register.close()];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const token = await openSoftwareToken(join(data, 'token'));
    await token.activate(pin);
    closers.push(() => token.deactivate());
    // A registry that was founded by an earlier release has none.
    await ensureRegistrationCertificate(register, token, now());
    const history = await History.open({
      ...{ dir: historyPath(data), origin: historyOrigin(register.instance), rows: register.history },
      alone: (look) => register.read(look),
      onTrouble: (error) => report(error, 'register-history'),
    });
    closers.push(() => history.close());
    const folder = join(data, 'public');
    const { renewEveryMs = 60_000, newestVersion } = settings;
    const holding = new Holding(settings.holding);
    const polls = new Polls(now);
    const publisher = await Publisher.start({
      register,
      history,
      token,
      folder,
      now,
      renewEveryMs,
      report,
      onPublished: (published) => {
        polls.published(published);
        holding.ring();
      },
      ...(newestVersion !== undefined && { newestVersion }),
    });
    closers.push(() => publisher.close());

    const publicationServer = createPublicationServer({
      ...{ root: folder, holding, report },
      onPoll: (poll) => polls.note(poll),
    });
    const { configurationHost, configurationPort, adminHost, adminPort } = settings;
    const configuration = await listen(
      publicationServer,
      configurationHost,
      configurationPort,
      '--configuration-port',
    );
    closers.push(() => configuration.close());
    closers.push(() => holding.close());
    // Asked for each time: the address is a setting that may change while the registry runs.
    const baseUrl = async () =>
      publicUrl ?? urlOf((await register.read(readSettings)).address, configuration.port);
    const anchor = async (source: ConfigurationSource) =>
      readAnchor(register, source, await baseUrl(), now());

    const key = await loadOrMakeInvitationKey(register, token);
    const { authority, reach = { ports: [5500], addresses: 'public' } } = settings.joining ?? {};
    const journal = await Journal.open({
      ...{
        dir: join(data, 'journal'),
        origin: auditLogOrigin(register.instance),
        now,
      },
      onTrouble: (error) => report(error, 'audit-log'),
    });
    closers.push(() => journal.close());
    let managementUrl: string | undefined;
    const joiners = createJoinerEndpoint({
      ...{ register, key, now, reach, audit: journal },
      managementUrl: () => managementUrl,
    });
    const services = await listenForRequests(settings, register, token, publisher, joiners, closers);
    managementUrl = services.managementUrl;
    const backups = await Backups.open({
      ...{ data, program: 'central-registry', name: () => register.instance, journal, now },
      onTrouble: (error) => report(error, 'backup'),
    });
    closers.push(() => backups.close());
    const people = await People.open({
      ...{ path: peoplePath(data), now, journal, program: 'Waygate registry' },
      isHttps: settings.adminUrl?.startsWith('https:') === true,
    });
    closers.push(() => people.close());
    const oidc =
      settings.oidc &&
      (await OidcSignIn.open({
        ...{ settings: settings.oidc, adminUrl: settings.adminUrl, now },
        report: (error) => report(error, 'sign-in'),
      }));
    const apiKey = await loadOrCreateApiKey(join(data, 'api-key'), writeFileDurably);
    const authenticate = anyOf(people.authenticate, fileKeyAuthentication(apiKey));
    const api = createRegistryApi(
      {
        register,
        history,
        journal,
        backups,
        now,
        anchor,
        publicationState: () => publisher.state(),
        configurationOf: (server) => polls.of(server),
        createKey: (act, source, spec) => createConfigurationKey(register, token, act, source, now(), spec),
        deleteKey: (act, keyId) => deleteConfigurationKey(register, token, act, keyId),
        inviting: { register, key, now, anchor, ...(authority !== undefined && { authority }) },
      },
      { version: apiVersion, authenticate, report },
    );
    addPeopleRoutes(api, people, oidc);
    const ask = (request: Request, env?: unknown) => api.fetch(request, env as object);
    const console = createRegistryConsole({
      ...{ instance: register.instance, version: apiVersion, api: ask, now, report },
      hasOidc: oidc !== undefined,
    });
    const guarded = onlyForHosts([adminHost, settings.adminUrl], besideApi(ask, console));
    const answer = behindProxies(settings.adminProxies ?? [], guarded);
    const { adminListener } = settings;
    const admin = adminListener ?? (await listenInTurns(answer, adminHost, adminPort, '--admin-port'));
    admin.handTo(answer);
    if (adminListener === undefined) closers.push(() => admin.close());
    return {
      instance: register.instance,
      configurationUrl: await baseUrl(),
      adminUrl: urlOf(adminHost, admin.port),
      ...services,
      apiKey,
      heldRequests: () => holding.count,
      anchor,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Starts the management service and the registration service, where they are wanted. */
async function listenForRequests(
  { management, registration, report, now = () => new Date() }: RegistrySettings,
  register: Register,
  token: Token,
  publisher: Publisher,
  joiners: JoinerEndpoint,
  closers: (() => Promise<void> | void)[],
): Promise<Pick<RunningRegistry, 'managementUrl' | 'registrationUrl'>> {
  const context = { register, configuration: () => publisher.configuration(), now, report };
  const urls: { managementUrl?: string; registrationUrl?: string } = {};
  if (management !== undefined) {
    const server = createManagementListener(context, 'management');
    const listening = await listen(server, management.host, management.port, '--management-port');
    closers.push(() => listening.close());
    urls.managementUrl = `${urlOf(management.host, listening.port)}/managementservice/manage`;
  }
  if (registration !== undefined) {
    const server = createManagementListener(context, 'registration', { path: joiningPath, answer: joiners });
    serveOverTls(server, await registrationContext(register, token));
    const listening = await listen(server, registration.host, registration.port, '--registration-port');
    closers.push(() => listening.close());
    urls.registrationUrl = `${urlOf(registration.host, listening.port, 'https')}/managementservice/`;
  }
  return urls;
}

/** @param host name or IP address */
export function urlOf(host: string, port: number, scheme = 'http'): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
