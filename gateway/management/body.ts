import { Fault } from '../fault/index.ts';
import {
  type ClientId,
  IdentifierError,
  identifiersNamespace,
  readXmlIdentifier,
  type ServerId,
  writeXmlIdentifier,
} from '../identifier/index.ts';
import { xroadNamespace } from '../soap/index.ts';
import { childrenNamed, elements, escapeText, textOf, type XmlElement, XmlError } from '../xml/index.ts';
import { type ManagementKind, type ManagementRequest, managementKinds } from './requests.ts';

/** A name, an address or a message: what people read. Characters. */
const maxText = 255;
const maxMessage = 1024;
/** Octets of a certificate. */
const maxCertificate = 16 * 1024;

/** The body element of a request, declaring the namespaces it uses. */
export function writeManagementBody(request: ManagementRequest): string {
  return element(request.kind, writeFields(request));
}

/** The request's fields echoed, and the number under which the registry keeps it. */
export function writeManagementResponse(request: ManagementRequest, requestId: number): string {
  return element(`${request.kind}Response`, `${writeFields(request)}${text('requestId', String(requestId))}`);
}

function element(name: string, inner: string): string {
  return `<xr:${name} xmlns:xr="${xroadNamespace}" xmlns:id="${identifiersNamespace}">${inner}</xr:${name}>`;
}

function writeFields(request: ManagementRequest): string {
  return [
    writeXmlIdentifier('xr:server', request.server),
    'client' in request ? writeXmlIdentifier('xr:client', request.client) : '',
    'address' in request ? text('address', request.address) : '',
    'authCert' in request ? text('authCert', request.authCert.toString('base64')) : '',
    'dryRun' in request ? text('dryRun', request.dryRun?.toString()) : '',
    'subsystemName' in request ? text('subsystemName', request.subsystemName) : '',
    'message' in request ? text('message', request.message) : '',
  ].join('');
}

function text(name: string, value: string | undefined): string {
  return value === undefined ? '' : `<xr:${name}>${escapeText(value)}</xr:${name}>`;
}

/**
 * Reads the body element of a request; a field that its kind does not have is refused.
 * @throws Fault InvalidBody for what is no request, InvalidXml, InvalidRequest for a value out of bounds
 */
export function readManagementRequest(body: XmlElement): ManagementRequest {
  const kind = managementKinds.find((one) => one === body.localName);
  if (kind === undefined || body.namespace !== xroadNamespace) {
    throw new Fault('InvalidBody', `<${body.name.slice(0, 80)}> is no management request`);
  }
  try {
    return readFields(kind, body);
  } catch (cause) {
    if (!(cause instanceof XmlError) && !(cause instanceof IdentifierError)) throw cause;
    throw new Fault('InvalidXml', cause.message, { cause });
  }
}

function readFields(kind: ManagementKind, body: XmlElement): ManagementRequest {
  const server = readServer(required(body, 'server'));
  switch (kind) {
    case 'authCertReg': {
      allowOnly(body, ['server', 'address', 'authCert', 'dryRun']);
      const address = optionalText(body, 'address', maxText);
      const dryRun = optionalBoolean(body, 'dryRun');
      return {
        ...{ kind, server, authCert: readCertificate(body) },
        ...(address !== undefined && { address }),
        ...(dryRun !== undefined && { dryRun }),
      };
    }
    case 'authCertDeletion':
      allowOnly(body, ['server', 'authCert']);
      return { kind, server, authCert: readCertificate(body) };
    case 'clientReg': {
      allowOnly(body, ['server', 'client', 'subsystemName']);
      const subsystemName = optionalText(body, 'subsystemName', maxText);
      return {
        kind,
        server,
        client: readClient(body),
        ...(subsystemName !== undefined && { subsystemName }),
      };
    }
    case 'clientDeletion':
    case 'clientDisable':
    case 'clientEnable':
      allowOnly(body, ['server', 'client']);
      return { kind, server, client: readClient(body) };
    case 'ownerChange': {
      allowOnly(body, ['server', 'client']);
      const client = readClient(body);
      if (client.kind === 'MEMBER') return { kind, server, client };
      throw new Fault('InvalidRequest', 'The new owner of a security server is a member, not a subsystem');
    }
    case 'clientRename':
      allowOnly(body, ['server', 'client', 'subsystemName']);
      return {
        ...{ kind, server, client: readClient(body) },
        subsystemName: requiredText(body, 'subsystemName', maxText),
      };
    case 'addressChange':
      allowOnly(body, ['server', 'address']);
      return { kind, server, address: requiredText(body, 'address', maxText) };
    case 'maintenanceModeEnable': {
      allowOnly(body, ['server', 'message']);
      const message = optionalText(body, 'message', maxMessage);
      return { kind, server, ...(message !== undefined && { message }) };
    }
    case 'maintenanceModeDisable':
      allowOnly(body, ['server']);
      return { kind, server };
  }
}

/**
 * Reads the number under which the registry keeps a request.
 * @throws Fault InvalidBody
 */
export function readManagementResponse(body: XmlElement): { readonly requestId: number } {
  const found = optional(body, 'requestId');
  const digits = found === undefined ? '' : textOf(found).trim();
  if (!body.localName.endsWith('Response') || !/^\d{1,15}$/.test(digits)) {
    throw new Fault('InvalidBody', `<${body.name.slice(0, 80)}> does not answer a management request`);
  }
  return { requestId: Number(digits) };
}

function optional(body: XmlElement, name: string): XmlElement | undefined {
  const [found, another] = childrenNamed(body, name, xroadNamespace);
  if (another !== undefined) throw new Fault('InvalidBody', `<${body.name}> has <${name}> twice`);
  return found;
}

function required(body: XmlElement, name: string): XmlElement {
  const found = optional(body, name);
  if (found === undefined) throw new Fault('InvalidBody', `<${body.name}> lacks <${name}>`);
  return found;
}

function allowOnly(body: XmlElement, names: readonly string[]): void {
  const strange = elements(body).find(
    ({ localName, namespace }) => namespace !== xroadNamespace || !names.includes(localName),
  );
  if (strange !== undefined) throw new Fault('InvalidBody', `<${body.name}> has no field <${strange.name}>`);
}

function optionalText(body: XmlElement, name: string, limit: number): string | undefined {
  const found = optional(body, name);
  if (found === undefined) return undefined;
  const value = textOf(found).trim();
  if (value.length > limit) {
    throw new Fault('InvalidRequest', `<${name}> is longer than ${limit} characters`);
  }
  return value === '' ? undefined : value;
}

function requiredText(body: XmlElement, name: string, limit: number): string {
  const value = optionalText(body, name, limit);
  if (value === undefined) throw new Fault('InvalidRequest', `<${body.name}> lacks a value of <${name}>`);
  return value;
}

function optionalBoolean(body: XmlElement, name: string): boolean | undefined {
  const value = optionalText(body, name, maxText);
  if (value === undefined) return undefined;
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw new Fault('InvalidXml', `<${name}> is neither true nor false`);
}

function readServer(element: XmlElement): ServerId {
  const id = readXmlIdentifier(element);
  if (id.kind === 'SERVER') return id;
  throw new Fault('InvalidXml', `<${element.name}> is a ${id.kind}, expected SERVER`);
}

function readClient(body: XmlElement): ClientId {
  const element = required(body, 'client');
  const id = readXmlIdentifier(element);
  if (id.kind === 'MEMBER' || id.kind === 'SUBSYSTEM') return id;
  throw new Fault('InvalidXml', `<${element.name}> is a ${id.kind}, expected MEMBER or SUBSYSTEM`);
}

function readCertificate(body: XmlElement): Buffer {
  const value = textOf(required(body, 'authCert')).replace(/\s+/g, '');
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(value) && value.length % 4 === 0;
  if (!isBase64) throw new Fault('InvalidXml', '<authCert> is not base64');
  const der = Buffer.from(value, 'base64');
  if (der.length > maxCertificate)
    throw new Fault('InvalidRequest', '<authCert> is too large for a certificate');
  return der;
}
