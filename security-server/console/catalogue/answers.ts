/** Answers of the administration API that these pages read. */
export interface Provider {
  readonly id: string;
  readonly memberName: string;
  readonly name?: string;
  readonly serviceCount: number;
  readonly gatheredAt?: string;
  readonly triedAt?: string;
  readonly nextAt: string;
  readonly error?: Failure;
}

interface Failure {
  readonly code: string;
  readonly text: string;
}

export interface Service {
  readonly id: string;
  readonly provider: Provider;
  readonly serviceCode: string;
  readonly serviceVersion?: string;
  readonly kind: 'REST' | 'OPENAPI' | 'WSDL';
  readonly title?: string;
  readonly endpointCount: number;
  readonly mayCall: 'yes' | 'some' | 'no' | 'unknown';
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly summary?: string;
  readonly description?: string;
  readonly isDeprecated: boolean;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: 'path' | 'query' | 'header';
    readonly isRequired: boolean;
    readonly description?: string;
    readonly example?: string;
  }[];
  readonly body?: { readonly contentType: string; readonly isRequired: boolean; readonly example?: string };
  readonly answers: readonly { readonly status: string; readonly description: string }[];
}

export interface Example {
  readonly method: string;
  readonly path?: string;
  readonly contentType?: string;
  readonly body?: string;
  readonly calls: readonly { readonly language: string; readonly text: string }[];
}

export interface DescribedService extends Service {
  readonly client?: string;
  readonly endpoints: readonly {
    readonly method: string;
    readonly path: string;
    readonly mayCall?: boolean;
  }[];
  readonly description?: {
    readonly title: string;
    readonly version?: string;
    readonly description?: string;
    readonly contact?: { readonly name?: string; readonly email?: string; readonly url?: string };
    readonly operations: readonly Operation[];
    readonly omitted: number;
  };
  readonly describedAt?: string;
  readonly descriptionError?: Failure;
  readonly example?: Example;
}

export interface Status {
  readonly waiting: number;
  readonly client?: string;
  readonly intervalHours: number;
  readonly endedAt?: string;
}

/** @param client encoded: for whom it is shown */
export function servicePagePath(
  id: string,
  client: string | undefined,
  operation?: Pick<Operation, 'method' | 'path'>,
) {
  const query = new URLSearchParams({
    ...(client !== undefined && client !== '' && { client }),
    ...(operation !== undefined && { method: operation.method, path: operation.path }),
  });
  return `/catalogue/services/${encodeURIComponent(id)}${query.size === 0 ? '' : `?${query}`}`;
}
