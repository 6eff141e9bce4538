import type { OpenApiOutline } from '../openapi/index.ts';
import type { WsdlOutline } from '../wsdl/index.ts';
import type { ProviderToAsk } from './providers.ts';
import type { OfferedService } from './read-methods.ts';

export type Description =
  | { readonly kind: 'OPENAPI'; readonly outline: OpenApiOutline }
  | { readonly kind: 'WSDL'; readonly outline: WsdlOutline };

/** Whether a client may call a service: some when not every endpoint that it lists; unknown when nobody asked. */
export type MayCall = 'yes' | 'some' | 'no' | 'unknown';

/** Why a question failed. */
export interface Failure {
  readonly code: string;
  readonly text: string;
}

/** Instants in milliseconds since 1970. */
export interface CatalogueProvider extends ProviderToAsk {
  /** When its services were last told; undefined: never. */
  readonly gatheredAt: number | undefined;
  /** When it was last asked. */
  readonly triedAt: number | undefined;
  /** Why that failed. */
  readonly error: Failure | undefined;
  /** In a row. */
  readonly failures: number;
  /** From when on it is asked again by itself. */
  readonly nextAt: number;
  readonly serviceCount: number;
}

export interface CatalogueService extends Omit<OfferedService, 'endpoints'> {
  /** Encoded. */
  readonly id: string;
  readonly provider: CatalogueProvider;
  readonly title: string;
  readonly endpointCount: number;
  readonly mayCall: MayCall;
  readonly describedAt: number | undefined;
  readonly descriptionError: Failure | undefined;
}

/** How an attempt to ask a provider in the name of a client ended. */
export interface Attempt {
  readonly provider: string;
  readonly client: string;
  readonly at: Date;
  readonly error: Failure | undefined;
  /** When it is asked again by itself. */
  readonly nextAt: Date;
}
