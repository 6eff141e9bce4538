import { clientPath } from '../clients/index.ts';

/** Answers of the administration API that these pages read. */
export interface Endpoint {
  readonly method: string;
  readonly path: string;
}

export interface Service {
  readonly serviceCode: string;
  readonly serviceVersion?: string;
  readonly title?: string;
  readonly kind: 'REST' | 'OPENAPI' | 'WSDL';
  readonly url: string;
  readonly described?: { readonly descriptionId: string; readonly url: string };
  readonly timeoutSeconds: number;
  readonly verifyTls: boolean;
  /** PEM. */
  readonly certificates: readonly string[];
  readonly disabledNotice?: string;
  readonly minimumPeerVersion?: string;
  readonly endpoints: readonly Endpoint[];
}

export interface OpenApi {
  readonly url?: string;
  readonly acceptedAt: string;
  readonly digest: string;
  readonly openapi: string;
  readonly title: string;
  readonly version: string;
  readonly endpoints: readonly Endpoint[];
}

export interface OpenApiDifference {
  readonly digest: string;
  readonly openapi: string;
  readonly title: string;
  readonly version: string;
  readonly isNew: boolean;
  readonly isSame: boolean;
  readonly suggestedUrl?: string;
  readonly url?: string;
  readonly endpointCount: number;
  readonly added: readonly Endpoint[];
  readonly removed: readonly (Endpoint & { readonly subjects: readonly string[] })[];
}

export interface Wsdl {
  readonly id: string;
  readonly url?: string;
  readonly acceptedAt: string;
  readonly disabledNotice?: string;
  readonly services: readonly Service[];
}

interface Versioned {
  readonly serviceCode: string;
  readonly serviceVersion?: string;
}

export interface WsdlDifference {
  readonly digest: string;
  readonly added: readonly (Versioned & { readonly url: string })[];
  readonly removed: readonly (Versioned & { readonly url: string })[];
  readonly moved: readonly (Versioned & {
    readonly from: string;
    readonly to: string;
    readonly calledAt: string;
  })[];
}

export function servicesPath(client: string): string {
  return `${clientPath(client)}/services`;
}

export function servicePath(client: string, code: string): string {
  return `${servicesPath(client)}/${encodeURIComponent(code)}`;
}

export function wsdlPath(client: string, id: string): string {
  return `${clientPath(client)}/wsdls/${encodeURIComponent(id)}`;
}

/** A service code with its version, as people name it. */
export function versionedName({ serviceCode, serviceVersion }: Versioned): string {
  return serviceVersion === undefined ? serviceCode : `${serviceCode} ${serviceVersion}`;
}

export function endpointName({ method, path }: Endpoint): string {
  return `${method} ${path}`;
}
