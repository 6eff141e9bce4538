import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { asFault, spellCode } from '../../gateway/fault/index.ts';
import { type ClientId, equal, providerOf, type ServerId } from '../../gateway/identifier/index.ts';
import type { MessageSize, RoadEvent, ServerSettings } from '../../gateway/road/index.ts';
import { proxyVersion } from '../../gateway/road/index.ts';

/**
 * What X-Road keeps of one exchange, under its names. Instants are milliseconds since 1970, sizes octets.
 * @see X-Road operational monitoring protocol, response payload
 */
export interface OperationalRecord {
  /** Seconds since 1970 at which it was kept. */
  readonly monitoringDataTs: number;
  readonly securityServerInternalIp: string;
  readonly securityServerType: 'Client' | 'Producer';
  readonly requestInTs: number;
  readonly requestOutTs?: number;
  readonly responseInTs?: number;
  readonly responseOutTs?: number;
  readonly clientXRoadInstance: string;
  readonly clientMemberClass: string;
  readonly clientMemberCode: string;
  readonly clientSubsystemCode?: string;
  readonly serviceXRoadInstance: string;
  readonly serviceMemberClass: string;
  readonly serviceMemberCode: string;
  readonly serviceSubsystemCode?: string;
  readonly serviceCode: string;
  readonly serviceVersion?: string;
  readonly restMethod?: string;
  readonly restPath?: string;
  readonly representedPartyClass?: string;
  readonly representedPartyCode?: string;
  readonly messageId: string;
  readonly messageUserId?: string;
  readonly messageIssue?: string;
  readonly messageProtocolVersion?: string;
  readonly clientSecurityServerAddress?: string;
  readonly serviceSecurityServerAddress?: string;
  readonly requestSize?: number;
  readonly requestMimeSize?: number;
  readonly requestAttachmentCount?: number;
  readonly responseSize?: number;
  readonly responseMimeSize?: number;
  readonly responseAttachmentCount?: number;
  /** Whether the exchange ended without fault, and a REST service answered without an error status. */
  readonly succeeded: boolean;
  readonly statusCode?: number;
  readonly serviceType?: string;
  readonly faultCode?: string;
  readonly faultString?: string;
  readonly xRequestId: string;
  readonly xRoadVersion: string;
}

/** Every field a question may ask for. */
export const operationalFields: ReadonlySet<string> = new Set<keyof OperationalRecord>([
  'monitoringDataTs',
  'securityServerInternalIp',
  'securityServerType',
  'requestInTs',
  'requestOutTs',
  'responseInTs',
  'responseOutTs',
  'clientXRoadInstance',
  'clientMemberClass',
  'clientMemberCode',
  'clientSubsystemCode',
  'serviceXRoadInstance',
  'serviceMemberClass',
  'serviceMemberCode',
  'serviceSubsystemCode',
  'serviceCode',
  'serviceVersion',
  'restMethod',
  'restPath',
  'representedPartyClass',
  'representedPartyCode',
  'messageId',
  'messageUserId',
  'messageIssue',
  'messageProtocolVersion',
  'clientSecurityServerAddress',
  'serviceSecurityServerAddress',
  'requestSize',
  'requestMimeSize',
  'requestAttachmentCount',
  'responseSize',
  'responseMimeSize',
  'responseAttachmentCount',
  'succeeded',
  'statusCode',
  'serviceType',
  'faultCode',
  'faultString',
  'xRequestId',
  'xRoadVersion',
]);

/** Longest texts that are kept, as the protocol bounds them. Characters. */
const maxText = 255;
const maxFaultText = 2048;

export interface RecordContext {
  readonly serverId: ServerId;
  readonly settings: ServerSettings;
  /** Undefined while none is in force. */
  readonly configuration: GlobalConfiguration | undefined;
  readonly internalIp: string;
  readonly now: Date;
}

/** @returns undefined when no request could be read: it belongs to nobody */
export function operationalRecordOf(
  { side, trace, error }: RoadEvent,
  context: RecordContext,
): OperationalRecord | undefined {
  const exchange = trace?.exchange;
  if (trace === undefined || exchange === undefined) return undefined;
  const { client, service } = exchange;
  const fault = error === undefined ? undefined : asFault(error);
  const isClient = side === 'client';
  const settings = context.settings.service(service);
  return withoutAbsent({
    monitoringDataTs: Math.floor(context.now.getTime() / 1000),
    securityServerInternalIp: context.internalIp,
    securityServerType: isClient ? 'Client' : 'Producer',
    requestInTs: trace.requestInAt,
    requestOutTs: trace.requestOutAt,
    responseInTs: trace.responseInAt,
    responseOutTs: trace.responseOutAt,
    clientXRoadInstance: cut(client.instance),
    clientMemberClass: cut(client.memberClass),
    clientMemberCode: cut(client.memberCode),
    clientSubsystemCode: client.kind === 'SUBSYSTEM' ? cut(client.subsystemCode) : undefined,
    serviceXRoadInstance: cut(service.instance),
    serviceMemberClass: cut(service.memberClass),
    serviceMemberCode: cut(service.memberCode),
    serviceSubsystemCode: cut(service.subsystemCode),
    serviceCode: cut(service.serviceCode),
    serviceVersion: cut(service.serviceVersion),
    restMethod: trace.restMethod,
    restPath: cut(trace.restPath),
    ...partyFields(exchange.representedParty),
    messageId: cut(exchange.id),
    messageUserId: cut(exchange.userId),
    messageIssue: cut(exchange.issue),
    messageProtocolVersion: cut(trace.protocolVersion),
    clientSecurityServerAddress: addressOf(client, isClient, context),
    serviceSecurityServerAddress: addressOf(providerOf(service), !isClient, context),
    requestSize: trace.request?.size,
    requestMimeSize: trace.request?.mimeSize,
    requestAttachmentCount: attachmentsOf(trace.request, exchange.protocol),
    responseSize: trace.response?.size,
    responseMimeSize: trace.response?.mimeSize,
    responseAttachmentCount: attachmentsOf(trace.response, exchange.protocol),
    succeeded: fault === undefined && (trace.statusCode ?? 200) < 400,
    statusCode: trace.statusCode,
    serviceType: isClient || settings === undefined ? undefined : typeNames[settings.kind],
    faultCode: fault && cut(spellCode(fault.at(isClient ? 'ClientProxy' : 'ServerProxy'))),
    faultString: fault?.message.slice(0, maxFaultText),
    xRequestId: cut(exchange.requestId),
    xRoadVersion: proxyVersion,
  });
}

const typeNames = { REST: 'REST', OPENAPI: 'OPENAPI3', WSDL: 'WSDL' } as const;

function attachmentsOf(size: MessageSize | undefined, protocol: 'rest' | 'soap'): number | undefined {
  return protocol === 'soap' ? size?.attachments : undefined;
}

function partyFields(
  party: string | { readonly partyClass?: string; readonly partyCode: string } | undefined,
) {
  if (party === undefined) return {};
  if (typeof party !== 'string') {
    return { representedPartyClass: cut(party.partyClass), representedPartyCode: cut(party.partyCode) };
  }
  const [first = '', second] = party.split('/', 2).map((part) => decodeURIComponent(part));
  return second === undefined
    ? { representedPartyCode: cut(first) }
    : { representedPartyClass: cut(first), representedPartyCode: cut(second) };
}

/** Our own address where the party is ours; else the only address that the configuration knows. */
function addressOf(party: ClientId, isOurs: boolean, context: RecordContext): string | undefined {
  const servers = context.configuration?.serversOf(party) ?? [];
  const own = isOurs ? servers.find(({ id }) => equal(id, context.serverId)) : undefined;
  const [only, another] = servers;
  return cut((own ?? (another === undefined ? only : undefined))?.address);
}

function cut(text: string): string;
function cut(text: string | undefined): string | undefined;
function cut(text: string | undefined): string | undefined {
  return text?.slice(0, maxText);
}

type Loose<T> = { readonly [Key in keyof T]: T[Key] | undefined };

/** Absent values are left out, not written as undefined. */
function withoutAbsent(record: Loose<OperationalRecord>): OperationalRecord {
  return Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== undefined),
  ) as unknown as OperationalRecord;
}
