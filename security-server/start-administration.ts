import { join } from 'node:path';
import { besideApi } from '../gateway/console/index.ts';
import {
  anyOf,
  behindProxies,
  fileKeyAuthentication,
  type Listening,
  listenInTurns,
  loadOrCreateApiKey,
  onlyForHosts,
} from '../gateway/http/index.ts';
import { printRest } from '../gateway/identifier/index.ts';
import { addPeopleRoutes, OidcSignIn, People, peoplePath } from '../gateway/people/index.ts';
import { writeFileDurably } from '../gateway/store/index.ts';
import { type AdminContext, createServerAdmin } from './admin/index.ts';
import { createServerConsole } from './console/index.ts';
import type { Closers, ServerSettings } from './running-server.ts';

/** Version of the administration API, not of the program. */
const apiVersion = '1.0.0';

/** Starts what people and programs administer the server by: sign-in, API and console, on one listener. */
export async function startAdministration(
  options: ServerSettings,
  context: AdminContext,
  closers: Closers,
): Promise<{ readonly adminListening: Pick<Listening, 'host' | 'port'>; readonly apiKey: string }> {
  const { data, onTrouble } = options;
  const { settings, journal, now } = context;
  const people = await People.open({
    ...{ path: peoplePath(data), now, journal, program: 'Waygate security server' },
    isHttps: options.adminUrl?.startsWith('https:') === true,
  });
  closers.push(() => people.close());
  const oidc =
    options.oidc &&
    (await OidcSignIn.open({
      ...{ settings: options.oidc, adminUrl: options.adminUrl, now },
      report: (error) => onTrouble('sign-in', error),
    }));
  const apiKey = await loadOrCreateApiKey(join(data, 'api-key'), writeFileDurably);
  const admin = createServerAdmin(context, {
    version: apiVersion,
    authenticate: anyOf(people.authenticate, fileKeyAuthentication(apiKey)),
    report: (error, reference) => onTrouble('administration', error, reference),
  });
  addPeopleRoutes(admin, people, oidc);
  const ask = (request: Request, env?: unknown) => admin.fetch(request, env as object);
  const console = createServerConsole({
    ...{ instance: printRest(settings.serverId), version: apiVersion, api: ask, now },
    hasOidc: oidc !== undefined,
    report: (error, reference) => onTrouble('console', error, reference),
  });
  const guarded = onlyForHosts([options.adminHost, options.adminUrl], besideApi(ask, console));
  const answer = behindProxies(options.adminProxies ?? [], guarded);
  const { adminListener, adminHost, adminPort } = options;
  const adminListening = adminListener ?? (await listenInTurns(answer, adminHost, adminPort, '--admin-port'));
  adminListening.handTo(answer);
  if (adminListener === undefined) closers.push(() => adminListening.close());
  return { adminListening, apiKey };
}
