import { Fault } from '../fault/index.ts';
import { IdentifierError, printEncoded, providerOf, readXmlIdentifier } from '../identifier/index.ts';
import { parseRestRequest, parseRestResponse } from '../message/index.ts';
import { child, childrenNamed, parseXml, textOf, type XmlElement, XmlError } from '../xml/index.ts';
import { type MessageFacts, pairOf } from './facts.ts';
import { bad, good, type Step } from './verdict.ts';

const id = 'facts-agree';

/** What a head says of itself; only what it says can be compared. */
type Said = Partial<
  Pick<
    MessageFacts,
    | 'direction'
    | 'protocol'
    | 'client'
    | 'service'
    | 'provider'
    | 'queryId'
    | 'requestId'
    | 'userId'
    | 'issue'
    | 'status'
  >
>;

/**
 * Whether the facts of a record are those of its message, so that what is searched and counted is what was signed.
 * @param head bytes of `/message.xml`
 */
export function judgeAgreement(head: Buffer, facts: MessageFacts, about: string): Step {
  try {
    const said = readHead(head, facts);
    for (const name of Object.keys(said) as (keyof Said)[]) {
      if (said[name] === facts[name]) continue;
      const text = `The log recorded '${facts[name] ?? 'nothing'}' as ${name}, the message says '${said[name] ?? 'nothing'}'.`;
      return bad(id, about, 'facts-differ', text, [['what differs', name]]);
    }
    return good(id, about, 'What the log recorded of the message is what the message says.', [
      ['pair', pairOf(facts)],
      ['number', String(facts.sequence)],
      ['service', facts.service],
      ['message id', facts.queryId],
      ['request id', facts.requestId],
      ['recorded', facts.at],
      ...(facts.userId === undefined ? [] : [['user id', facts.userId] as const]),
      ...(facts.issue === undefined ? [] : [['issue', facts.issue] as const]),
      ...(facts.status === undefined ? [] : [['status', String(facts.status)] as const]),
    ]);
  } catch (error) {
    const isKnown = error instanceof Fault || error instanceof IdentifierError || error instanceof XmlError;
    if (!isKnown) throw error;
    return bad(id, about, 'message-unreadable', `The message cannot be read: ${error.message}.`);
  }
}

function readHead(head: Buffer, facts: MessageFacts): Said {
  // No verb and no status begins like that.
  const isXml = /^(?:\xef\xbb\xbf)?\s*</.test(head.toString('latin1', 0, 256));
  if (isXml) return readEnvelope(head, facts.direction);
  return /^\d/.test(head.toString('latin1', 0, 1)) ? readRestResponse(head) : readRestRequest(head);
}

function readRestRequest(head: Buffer): Said {
  const { client, service, id: queryId, requestId, userId, issue } = parseRestRequest(head);
  return {
    ...{ protocol: 'rest', direction: 'request', queryId, requestId },
    ...partiesOf(client, service),
    // Also that they are absent: a log must not add a user.
    ...({ userId, issue } as Said),
  };
}

function readRestResponse(head: Buffer): Said {
  const { client, service, id: queryId, requestId, status } = parseRestResponse(head);
  return {
    ...{ protocol: 'rest', direction: 'response', queryId, requestId, status },
    ...partiesOf(client, service),
  };
}

const envelopeNamespace = 'http://schemas.xmlsoap.org/soap/envelope/';
const headerNamespace = 'http://x-road.eu/xsd/xroad.xsd';

/** Requests and responses have the same header: which it is, the signature says, by who signed. */
function readEnvelope(head: Buffer, direction: MessageFacts['direction']): Said {
  const header = child(parseXml(head), 'Header', envelopeNamespace);
  const field = (name: string): XmlElement | undefined =>
    header === undefined ? undefined : childrenNamed(header, name, headerNamespace)[0];
  const [client, service, queryId] = ['client', 'service', 'id'].map(field);
  if (client === undefined || service === undefined || queryId === undefined) {
    throw new Fault('InvalidMessage', 'its header lacks client, service or id');
  }
  const [clientId, serviceId] = [readXmlIdentifier(client), readXmlIdentifier(service)];
  const isClient = clientId.kind === 'MEMBER' || clientId.kind === 'SUBSYSTEM';
  if (!isClient || serviceId.kind !== 'SERVICE') {
    throw new Fault('InvalidMessage', 'its client or service is something else');
  }
  const isResponse = field('requestHash') !== undefined;
  return {
    ...{ protocol: 'soap', queryId: textOf(queryId) },
    // Only responses have the hash of their request.
    direction: isResponse ? 'response' : direction,
    ...partiesOf(clientId, serviceId),
    ...(direction === 'request' && usersOf(field('userId'), field('issue'))),
  };
}

/** Also that they are absent: a log must not add a user. */
function usersOf(userId: XmlElement | undefined, issue: XmlElement | undefined): Said {
  return { userId: userId && textOf(userId), issue: issue && textOf(issue) } as Said;
}

function partiesOf(
  client: Parameters<typeof printEncoded>[0],
  service: Parameters<typeof providerOf>[0],
): Pick<MessageFacts, 'client' | 'service' | 'provider'> {
  return {
    client: printEncoded(client),
    service: printEncoded(service),
    provider: printEncoded(providerOf(service)),
  };
}
