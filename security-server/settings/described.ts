import type { ClientId } from '../../gateway/identifier/index.ts';
import type { DescribedService, ServiceRecord } from './model.ts';

/** What accepting a description changes in the services that came from it before. */
export interface DescriptionDifference {
  /** Services as they are to be. */
  readonly services: readonly ServiceRecord[];
  readonly added: readonly ServiceRecord[];
  readonly removed: readonly ServiceRecord[];
  /** Those whose address in the description changed: before and after. */
  readonly moved: readonly { readonly before: ServiceRecord; readonly after: ServiceRecord }[];
}

const defaultTimeoutMs = 60_000;

/**
 * Holds a description against the services that came from it before. What an administrator set on a service stays; so
 * does its address, if it was another than the description's.
 */
export function compareDescribed(
  provider: ClientId,
  descriptionId: string,
  before: readonly ServiceRecord[],
  described: readonly DescribedService[],
): DescriptionDifference {
  const known = new Map(before.map((record) => [versionedCode(record), record]));
  const services = described.map(({ serviceCode, serviceVersion, url, title }): ServiceRecord => {
    const old = known.get(
      versionedCode({ serviceCode, ...(serviceVersion !== undefined && { serviceVersion }) }),
    );
    const isOverridden = old !== undefined && old.url !== old.described?.url;
    return {
      provider,
      serviceCode,
      ...(serviceVersion !== undefined && { serviceVersion }),
      ...(title !== undefined && { title }),
      kind: 'WSDL',
      url: isOverridden ? old.url : url,
      described: { descriptionId, url },
      timeoutMs: old?.timeoutMs ?? defaultTimeoutMs,
      verifyTls: old?.verifyTls ?? true,
      certificates: old?.certificates ?? [],
      ...(old?.minimumPeerVersion !== undefined && { minimumPeerVersion: old.minimumPeerVersion }),
      endpoints: [],
    };
  });
  const now = new Set(services.map(versionedCode));
  return {
    services,
    added: services.filter((service) => !known.has(versionedCode(service))),
    removed: before.filter((record) => !now.has(versionedCode(record))),
    moved: services.flatMap((after) => {
      const old = known.get(versionedCode(after));
      return old === undefined || old.described?.url === after.described?.url ? [] : [{ before: old, after }];
    }),
  };
}

/** Unambiguous, for codes hold no line breaks. */
function versionedCode({
  serviceCode,
  serviceVersion = '',
}: Pick<ServiceRecord, 'serviceCode' | 'serviceVersion'>): string {
  return `${serviceCode}\n${serviceVersion}`;
}
