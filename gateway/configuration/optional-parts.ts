import { Fault } from '../fault/index.ts';
import { type ClientId, writeXmlIdentifier } from '../identifier/index.ts';
import { child, parseXml, type XmlElement, XmlError } from '../xml/index.ts';
import {
  group,
  malformed,
  optionalBoolean,
  readClientId,
  requiredNumber,
  tag,
  writeDocument,
} from './xml-fields.ts';

/** What the optional parts of a configuration say. */
export interface OptionalParameters {
  /** Who may read the monitoring data of every server: MONITORING. */
  readonly monitoringClient?: ClientId;
  /** How often certificate statuses are fetched: FETCHINTERVAL. */
  readonly ocspFetchIntervalSeconds?: number;
  /** Whether a status past its nextUpdate is refused: NEXTUPDATE. */
  readonly verifyNextUpdate?: boolean;
}

/** Readers of the parts known here, by content identifier; others are kept on disk and not read. */
export const optionalParts: ReadonlyMap<string, (xml: Uint8Array) => OptionalParameters> = new Map([
  [
    'MONITORING',
    reader((root) => {
      const monitoringClient = child(root, 'monitoringClient');
      const id = monitoringClient && child(monitoringClient, 'monitoringClientId');
      return id === undefined ? {} : { monitoringClient: readClientId(id) };
    }),
  ],
  [
    'FETCHINTERVAL',
    reader((root) => ({ ocspFetchIntervalSeconds: requiredNumber(root, 'ocspFetchInterval') })),
  ],
  [
    'NEXTUPDATE',
    reader((root) => {
      const verifyNextUpdate = optionalBoolean(root, 'verifyNextUpdate');
      if (verifyNextUpdate === undefined) throw malformed('<verifyNextUpdate> is missing');
      return { verifyNextUpdate };
    }),
  ],
]);

/** A file that a configuration has beside its parameters. */
export interface OptionalPart {
  readonly contentIdentifier: 'MONITORING' | 'FETCHINTERVAL' | 'NEXTUPDATE';
  readonly fileName: string;
  readonly content: Buffer;
}

/** The parts for what is set; readers have a default of their own for the rest. The same in every version. */
export function writeOptionalParts(parameters: OptionalParameters): OptionalPart[] {
  const { monitoringClient, ocspFetchIntervalSeconds, verifyNextUpdate } = parameters;
  const parts: OptionalPart[] = [];
  if (monitoringClient !== undefined) {
    const client = writeXmlIdentifier('monitoringClientId', monitoringClient);
    parts.push({
      contentIdentifier: 'MONITORING',
      fileName: 'monitoring-params.xml',
      content: writeDocument(group('monitoringClient', client)),
    });
  }
  if (ocspFetchIntervalSeconds !== undefined) {
    parts.push({
      contentIdentifier: 'FETCHINTERVAL',
      fileName: 'fetchinterval-params.xml',
      content: writeDocument(tag('ocspFetchInterval', ocspFetchIntervalSeconds)),
    });
  }
  if (verifyNextUpdate !== undefined) {
    parts.push({
      contentIdentifier: 'NEXTUPDATE',
      fileName: 'nextupdate-params.xml',
      content: writeDocument(tag('verifyNextUpdate', verifyNextUpdate)),
    });
  }
  return parts;
}

function reader(read: (root: XmlElement) => OptionalParameters): (xml: Uint8Array) => OptionalParameters {
  return (xml) => {
    try {
      return read(parseXml(xml));
    } catch (error) {
      if (error instanceof Fault) throw error;
      if (error instanceof XmlError)
        throw malformed(`an optional part cannot be read: ${error.message}`, error);
      throw error;
    }
  };
}
