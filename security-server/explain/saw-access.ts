import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { identifierKey, providerOf } from '../../gateway/identifier/index.ts';
import { matchesPath } from '../../gateway/message/index.ts';
import {
  type AccessRight,
  baseEndpoint,
  printSubject,
  type SettingsSnapshot,
  validityState,
} from '../settings/index.ts';
import type { HypotheticalCall } from './call.ts';
import type { ExplainedStep } from './steps.ts';

/** Rights that are shown at most: of a service with thousands, those that come nearest. */
const maxShown = 50;

/**
 * The rights on a service that have to do with a caller: its own and those of groups that it is in, each with whether
 * it covers what is called and holds now. It decides nothing; `isAllowed` of the settings does.
 */
export function sawAccess(
  { client, service, protocol }: HypotheticalCall,
  { method, path }: { readonly method: string; readonly path: string },
  settings: SettingsSnapshot,
  configuration: GlobalConfiguration,
  at: Date,
): ExplainedStep['saw'] {
  const provider = providerOf(service);
  const key = identifierKey(client);
  // Once for all rights: groups may be large, and many rights may be theirs.
  const groups = new Set(
    settings.content.localGroups
      .filter(({ owner }) => identifierKey(owner) === identifierKey(provider))
      .filter(({ members }) => members.some((member) => identifierKey(member) === key))
      .map(({ groupCode }) => groupCode),
  );
  const isAbout = ({ subject }: AccessRight) => {
    if (subject.kind === 'GLOBALGROUP') return configuration.isInGlobalGroup(subject, client);
    if (subject.kind === 'LOCALGROUP') return groups.has(subject.groupCode);
    return identifierKey(subject) === key;
  };
  const covers = ({ endpoint }: AccessRight) =>
    protocol === 'soap'
      ? endpoint.method === baseEndpoint.method && endpoint.path === baseEndpoint.path
      : (endpoint.method === '*' || endpoint.method.toUpperCase() === method.toUpperCase()) &&
        matchesPath(endpoint.path, path);
  const rights = settings.rightsOf(provider, service.serviceCode).filter(isAbout);
  const called = protocol === 'soap' ? 'the whole service' : `${method} ${path === '' ? '/' : path}`;
  const shown = rights.slice(0, maxShown).map((right) => {
    const { endpoint, validFrom, validUntil } = right;
    const times = [
      ...(validFrom === undefined ? [] : [`from ${validFrom.toISOString()}`]),
      ...(validUntil === undefined ? [] : [`until ${validUntil.toISOString()}`]),
    ].join(' ');
    const state = validityState(right, at);
    const verdict = !covers(right) ? 'does not cover the call' : state === 'in-force' ? 'in force' : state;
    return [
      `${printSubject(right.subject)}: ${endpoint.method} ${endpoint.path}`,
      [verdict, times].filter(Boolean).join(', '),
    ] as const;
  });
  return [
    ['called', called],
    ...(rights.length === 0 ? ([['rights', 'none']] as const) : []),
    ...shown,
    ...(rights.length > maxShown ? ([['more', String(rights.length - maxShown)]] as const) : []),
  ];
}
