import type { CatalogueProvider, CatalogueService, Failure, MayCall } from './model.ts';
import type { OfferedService } from './read-methods.ts';

export interface ProviderRow {
  readonly providerId: string;
  readonly memberName: string;
  readonly name: string;
  readonly gatheredAt: number | null;
  readonly triedAt: number | null;
  readonly errorCode: string | null;
  readonly errorText: string | null;
  readonly failures: number;
  readonly nextAt: number;
  readonly serviceCount: number;
}

export interface ServiceRow extends ProviderRow {
  readonly id: string;
  readonly code: string;
  readonly version: string;
  readonly kind: OfferedService['kind'];
  readonly endpointCount: number;
  readonly title: string;
  readonly describedAt: number | null;
  readonly descriptionCode: string | null;
  readonly descriptionText: string | null;
  /** Whether it was told what the client may call. */
  readonly isTold: 0 | 1;
  /** Endpoints that it may call; null when it may call none, or nobody asked. */
  readonly allowedCount: number | null;
}

export const providerColumns = `p.id AS providerId, p.memberName, p.name, p.gatheredAt, p.triedAt, p.errorCode,
  p.errorText, p.failures, p.nextAt, (SELECT count(*) FROM service o WHERE o.provider = p.id) AS serviceCount`;
export const serviceColumns = `${providerColumns}, s.id, s.code, s.version, s.kind, s.endpointCount, s.title,
  s.describedAt, s.descriptionCode, s.descriptionText, q.at IS NOT NULL AS isTold, a.count AS allowedCount`;

export function showProvider(row: ProviderRow): CatalogueProvider {
  const { providerId: id, memberName, name, failures, nextAt, serviceCount } = row;
  return {
    ...{ id, memberName, name, failures, nextAt, serviceCount },
    gatheredAt: row.gatheredAt ?? undefined,
    triedAt: row.triedAt ?? undefined,
    error: failureOf(row.errorCode, row.errorText),
  };
}

export function showService(row: ServiceRow): CatalogueService {
  const { id, code: serviceCode, version, kind, endpointCount, title } = row;
  return {
    ...{ id, serviceCode, kind, endpointCount, title, provider: showProvider(row) },
    ...(version !== '' && { serviceVersion: version }),
    mayCall: mayCallOf(row),
    describedAt: row.describedAt ?? undefined,
    descriptionError: failureOf(row.descriptionCode, row.descriptionText),
  };
}

function mayCallOf({ isTold, allowedCount, endpointCount }: ServiceRow): MayCall {
  if (allowedCount !== null) return allowedCount < endpointCount ? 'some' : 'yes';
  return isTold === 0 ? 'unknown' : 'no';
}

function failureOf(code: string | null, text: string | null): Failure | undefined {
  return code === null ? undefined : { code, text: text ?? '' };
}
