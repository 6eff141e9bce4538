import { Fault } from '../../fault/index.ts';
import {
  type ClientId,
  IdentifierError,
  type MemberId,
  memberOf,
  readXmlIdentifier,
  type ServiceId,
} from '../../identifier/index.ts';
import { parseRestRequest, parseRestResponse } from '../../message/index.ts';
import {
  child,
  childrenNamed,
  elements,
  parseXml,
  textOf,
  type XmlElement,
  XmlError,
} from '../../xml/index.ts';

/** What the head of a message tells of it. */
export interface MessageParties {
  /** Who should have signed it: the client a request, the provider a response. */
  readonly signer: MemberId;
  readonly protocol: 'rest' | 'soap';
  readonly direction: 'request' | 'response';
  /** X-Road message id, as the message has it. */
  readonly queryId: string;
  /** Whichever did not sign may be absent, as in requests of release 6 to services without a fixed owner. */
  readonly client?: ClientId;
  readonly service?: ServiceId;
  readonly userId?: string;
  readonly issue?: string;
  /** HTTP status; of REST responses only. */
  readonly status?: number;
}

/**
 * Reads from the head of a message who asked whom, and whose signature it should bear.
 * @param head SOAP envelope, or head of a REST message
 * @throws Fault InvalidMessage
 */
export function partiesOfMessage(head: Buffer): MessageParties {
  // No verb and no status begins like that.
  const first = /^(?:\xef\xbb\xbf)?\s*(\S)/.exec(head.toString('latin1', 0, 256))?.[1];
  try {
    return first === '<' ? ofEnvelope(parseXml(head)) : ofRestHead(head);
  } catch (error) {
    if (!(error instanceof XmlError) && !(error instanceof IdentifierError)) throw error;
    throw new Fault('InvalidMessage', `The message cannot be read: ${error.message}`, { cause: error });
  }
}

function ofRestHead(head: Buffer): MessageParties {
  if (/^\d/.test(head.toString('latin1', 0, 1))) {
    const { client, service, id, status } = parseRestResponse(head);
    const signer = memberOf(service);
    return { signer, protocol: 'rest', direction: 'response', queryId: id, client, service, status };
  }
  const { client, service, id, userId, issue } = parseRestRequest(head);
  return {
    ...{ signer: memberOf(client), protocol: 'rest', direction: 'request', queryId: id, client, service },
    ...(userId !== undefined && { userId }),
    ...(issue !== undefined && { issue }),
  };
}

const envelopeNamespace = 'http://schemas.xmlsoap.org/soap/envelope/';
const headerNamespace = 'http://x-road.eu/xsd/xroad.xsd';

/** @see X-Road message protocol 4.0 */
function ofEnvelope(envelope: XmlElement): MessageParties {
  const header = child(envelope, 'Header', envelopeNamespace);
  const body = child(envelope, 'Body', envelopeNamespace);
  if (envelope.localName !== 'Envelope' || header === undefined || body === undefined) {
    throw new Fault('InvalidMessage', 'The message is neither a SOAP envelope nor a REST head');
  }
  const [content] = elements(body);
  // Logs may keep no body; only responses name the hash of their request.
  const isResponse =
    content?.localName.endsWith('Response') === true ||
    content?.localName === 'Fault' ||
    child(header, 'requestHash', headerNamespace) !== undefined;
  const signing = field(header, isResponse ? 'service' : 'client');
  const [client, service] = ['client', 'service'].map((name) => {
    const element = child(header, name, headerNamespace);
    return element && readXmlIdentifier(element);
  });
  const [userId, issue] = ['userId', 'issue'].map((name) => child(header, name, headerNamespace));
  return {
    signer: memberOf(readXmlIdentifier(signing)),
    protocol: 'soap',
    direction: isResponse ? 'response' : 'request',
    queryId: textOf(field(header, 'id')),
    ...((client?.kind === 'MEMBER' || client?.kind === 'SUBSYSTEM') && { client }),
    ...(service?.kind === 'SERVICE' && { service }),
    ...(userId !== undefined && { userId: textOf(userId) }),
    ...(issue !== undefined && { issue: textOf(issue) }),
  };
}

function field(header: XmlElement, name: string): XmlElement {
  const [found, ...more] = childrenNamed(header, name, headerNamespace);
  if (found === undefined || more.length > 0) {
    throw new Fault(
      'InvalidMessage',
      `The message has ${found === undefined ? 'no' : 'more than one'} ${name}`,
    );
  }
  return found;
}
