import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { escapeAttribute, escapeText } from '../../gateway/xml/index.ts';

export interface ClientListAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

interface ListedClient {
  readonly instance: string;
  readonly memberClass: string;
  readonly memberCode: string;
  readonly subsystemCode?: string;
  readonly name: string;
  readonly subsystemName?: string;
}

/**
 * `GET /listClients`: the members and subsystems of one instance, from its shared parameters.
 * @param instance wanted instance; the own one when undefined or blank. An instance that is not known has no clients.
 * @param accept `Accept` of the information system; JSON when it names `application/json`, whatever the weights, else XML
 * @see X-Road 7 service metadata protocol §2.1
 */
export function listClients(
  configuration: GlobalConfiguration,
  instance: string | undefined,
  accept: string | undefined,
): ClientListAnswer {
  const clients = clientsOf(configuration, instance?.trim() ? instance : configuration.instance);
  const ranges = accept?.split(',').map((range) => range.split(';')[0]?.trim().toLowerCase());
  if (ranges?.includes('application/json') === true) {
    const body = JSON.stringify({ member: clients.map(asJson) });
    return { status: 200, contentType: 'application/json; charset=utf-8', body };
  }
  const body = `<?xml version="1.0" encoding="UTF-8"?>
<xroad:clientList xmlns:xroad="http://x-road.eu/xsd/xroad.xsd" xmlns:id="http://x-road.eu/xsd/identifiers">${clients
    .map(asXml)
    .join('')}</xroad:clientList>`;
  return { status: 200, contentType: 'text/xml; charset=UTF-8', body };
}

function clientsOf(configuration: GlobalConfiguration, instance: string): ListedClient[] {
  const shared = configuration.shared(instance);
  if (shared === undefined) return [];
  return shared.members.flatMap(({ id, name, subsystems }) => {
    const member = { instance, memberClass: id.memberClass, memberCode: id.memberCode, name };
    const own = subsystems.map(({ subsystemCode, name: subsystemName }) => ({
      ...member,
      subsystemCode,
      ...(subsystemName === undefined ? {} : { subsystemName }),
    }));
    return [member, ...own];
  });
}

function asJson(client: ListedClient): object {
  return {
    id: {
      object_type: client.subsystemCode === undefined ? 'MEMBER' : 'SUBSYSTEM',
      xroad_instance: client.instance,
      member_class: client.memberClass,
      member_code: client.memberCode,
      ...(client.subsystemCode === undefined ? {} : { subsystem_code: client.subsystemCode }),
    },
    name: client.name,
    ...(client.subsystemName === undefined ? {} : { subsystem_name: client.subsystemName }),
  };
}

function asXml(client: ListedClient): string {
  const kind = client.subsystemCode === undefined ? 'MEMBER' : 'SUBSYSTEM';
  const element = (name: string, value: string | undefined) =>
    value === undefined ? '' : `<${name}>${escapeText(value)}</${name}>`;
  return [
    '<xroad:member>',
    `<xroad:id id:objectType="${escapeAttribute(kind)}">`,
    element('id:xRoadInstance', client.instance),
    element('id:memberClass', client.memberClass),
    element('id:memberCode', client.memberCode),
    element('id:subsystemCode', client.subsystemCode),
    '</xroad:id>',
    element('xroad:name', client.name),
    element('xroad:subsystemName', client.subsystemName),
    '</xroad:member>',
  ].join('');
}
