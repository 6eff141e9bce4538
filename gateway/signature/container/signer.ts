import { Fault } from '../../fault/index.ts';
import { IdentifierError, type MemberId, memberOf, readXmlIdentifier } from '../../identifier/index.ts';
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

/** Who should have signed a message: the client a request, the provider a response. */
export interface MessageSigner {
  readonly signer: MemberId;
  readonly protocol: 'rest' | 'soap';
  readonly direction: 'request' | 'response';
  /** X-Road message id, as the message has it. */
  readonly queryId: string;
}

/**
 * Reads from the head of a message whose signature it should bear.
 * @param head SOAP envelope, or head of a REST message
 * @throws Fault InvalidMessage
 */
export function signerOfMessage(head: Buffer): MessageSigner {
  // No verb and no status begins like that.
  const first = /^(?:\xef\xbb\xbf)?\s*(\S)/.exec(head.toString('latin1', 0, 256))?.[1];
  try {
    return first === '<' ? ofEnvelope(parseXml(head)) : ofRestHead(head);
  } catch (error) {
    if (!(error instanceof XmlError) && !(error instanceof IdentifierError)) throw error;
    throw new Fault('InvalidMessage', `The message cannot be read: ${error.message}`, { cause: error });
  }
}

function ofRestHead(head: Buffer): MessageSigner {
  if (/^\d/.test(head.toString('latin1', 0, 1))) {
    const { service, id } = parseRestResponse(head);
    return { signer: memberOf(service), protocol: 'rest', direction: 'response', queryId: id };
  }
  const { client, id } = parseRestRequest(head);
  return { signer: memberOf(client), protocol: 'rest', direction: 'request', queryId: id };
}

const envelopeNamespace = 'http://schemas.xmlsoap.org/soap/envelope/';
const headerNamespace = 'http://x-road.eu/xsd/xroad.xsd';

/** @see X-Road message protocol 4.0 */
function ofEnvelope(envelope: XmlElement): MessageSigner {
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
  return {
    signer: memberOf(readXmlIdentifier(field(header, isResponse ? 'service' : 'client'))),
    protocol: 'soap',
    direction: isResponse ? 'response' : 'request',
    queryId: textOf(field(header, 'id')),
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
