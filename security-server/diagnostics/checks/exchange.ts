import type { GlobalConfiguration } from '../../../gateway/configuration/index.ts';
import { Fault } from '../../../gateway/fault/index.ts';
import { equal, memberOf, parseEncodedClient, printEncoded } from '../../../gateway/identifier/index.ts';
import type { CircuitBreaker, CircuitState } from '../../../gateway/provider-side/index.ts';
import type { SentRequest } from '../../management/index.ts';
import { type ServiceRecord, type SettingsSnapshot, serviceIdOf } from '../../settings/index.ts';
import type { CauseCode } from '../causes/index.ts';
import { type FailureKind, failureKind } from '../failure-kind.ts';
import { type Found, messageOf } from '../found.ts';
import type { Outcome } from '../outcomes.ts';

/** Whether each client takes part in exchange. */
export function checkClients(
  { content, serverId }: SettingsSnapshot,
  configuration: GlobalConfiguration | undefined,
  requests: readonly SentRequest[],
): Found[] {
  return content.clients.flatMap(({ id, status }): Found[] => {
    const subject = printEncoded(id);
    if (status === 'disabled') return [{ code: 'client-disabled', subject, severity: 'warns' }];
    if (status === 'registered') {
      const isKnown = configuration === undefined || configuration.serverHasClient(serverId, id);
      return isKnown || equal(id, memberOf(serverId))
        ? []
        : [{ code: 'client-unknown-to-registry', subject }];
    }
    const last = requests.find(({ request }) => request.kind === 'clientReg' && equal(request.client, id));
    const isWaiting = last?.status === 'waiting' || last?.status === 'sending';
    if (isWaiting) return [{ code: 'client-registration-waiting', subject, since: last.sentAt }];
    const detail = last?.reason !== undefined && { detail: last.reason };
    return [{ code: 'client-not-registered', subject, ...detail }];
  });
}

const serviceKinds: Readonly<Record<FailureKind, CauseCode>> = {
  'unknown-host': 'service-unknown-host',
  refused: 'service-unreachable',
  timeout: 'service-timeout',
  tls: 'service-tls-not-trusted',
  other: 'service-unreachable',
};

/** Whether each service can be called, by its settings and by how its last call went. */
export function checkServices(
  settings: SettingsSnapshot,
  outcomes: readonly Outcome[],
  breaker: Pick<CircuitBreaker, 'stateOf'> | undefined,
): Found[] {
  return settings.content.services.flatMap((record): Found[] => {
    const id = idOf(record);
    const subject = printEncoded(id);
    const notice = settings.service(id)?.disabledNotice;
    if (notice !== undefined) {
      return [{ code: 'service-disabled', subject, severity: 'warns', detail: notice }];
    }
    if (!isPlainUrl(record.url)) return [{ code: 'service-address-unusable', subject, detail: record.url }];
    return [
      ...leftAlone(subject, breaker?.stateOf({ id, url: record.url })),
      ...failureOf(subject, outcomes, serviceCode),
    ];
  });
}

function leftAlone(subject: string, circuit: CircuitState | undefined): Found[] {
  if (circuit?.until === undefined) return [];
  const detail = `${circuit.failures} calls failed in a row; tried again from ${circuit.until.toISOString()}`;
  return [{ code: 'service-left-alone', subject, detail }];
}

/** @param error of a call */
export function serviceCode(error: unknown): CauseCode {
  const isUnusable =
    error instanceof Fault && (error.code === 'ServiceMissingUrl' || error.code === 'ServiceMalformedUrl');
  return isUnusable ? 'service-address-unusable' : serviceKinds[failureKind(error)];
}

export function idOf({ provider, serviceCode, serviceVersion }: ServiceRecord) {
  return serviceIdOf(provider, serviceCode, serviceVersion);
}

/** As the road demands it of the address of a service. */
function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, hash } = new URL(text);
  return (protocol === 'http:' || protocol === 'https:') && username === '' && hash === '';
}

const peerKinds: Readonly<Record<FailureKind, CauseCode>> = {
  'unknown-host': 'peer-unknown-host',
  refused: 'peer-unreachable',
  timeout: 'peer-timeout',
  tls: 'peer-tls-refused',
  other: 'peer-unreachable',
};

/** Whether the servers of others could be reached and verified when they were needed last. */
export function checkPeers(
  outcomes: readonly Outcome[],
  configuration: GlobalConfiguration | undefined,
): Found[] {
  return outcomes.flatMap(({ subject }): Found[] => {
    const servers = configuration?.serversOf(parseEncodedClient(subject)) ?? [];
    const notices = servers.flatMap(({ inMaintenanceMode }) => inMaintenanceMode ?? []);
    // None of them is connected to then, however the last connection went.
    if (servers.length > 0 && notices.length === servers.length) {
      const message = notices.find((notice) => notice.message !== undefined)?.message;
      return [{ code: 'peer-in-maintenance', subject, ...(message !== undefined && { detail: message }) }];
    }
    return failureOf(subject, outcomes, peerCode);
  });
}

/** @param error of the way to a provider's server */
export function peerCode(error: unknown): CauseCode {
  if (!(error instanceof Fault)) return peerKinds[failureKind(error)];
  const isVerdict = error.code === 'SslAuthenticationFailed' || error.within[0] === 'SslAuthenticationFailed';
  if (!isVerdict) return peerKinds[failureKind(error)];
  switch (error.code) {
    case 'CertValidation':
    case 'IncorrectValidationInfo':
      return 'peer-status-missing';
    case 'CannotCreateCertPath':
    case 'InvalidCertPath':
      return 'peer-certificate-not-trusted';
    default:
      return 'peer-certificate-unknown';
  }
}

function failureOf(
  subject: string,
  outcomes: readonly Outcome[],
  codeOf: (error: unknown) => CauseCode,
): Found[] {
  const outcome = outcomes.find((one) => one.subject === subject);
  if (outcome?.failsSince === undefined || outcome.lastFailure === undefined) return [];
  const { failsSince: since, lastFailure } = outcome;
  return [{ code: codeOf(lastFailure.error), subject, since, detail: messageOf(lastFailure.error) }];
}
