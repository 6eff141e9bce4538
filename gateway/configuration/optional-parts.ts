import { Fault } from '../fault/index.ts';
import type { ClientId } from '../identifier/index.ts';
import { child, parseXml, type XmlElement, XmlError } from '../xml/index.ts';
import { malformed, optionalBoolean, readClientId, requiredNumber } from './xml-fields.ts';

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
