/** What the administration API answers about trust services. @see ../../admin/trust-service-routes.ts */

export const costTypes = ['FREE', 'PAID', 'UNDEFINED'] as const;
type CostType = (typeof costTypes)[number];

export interface OcspResponder {
  readonly url: string;
  /** PEM. */
  readonly certificate?: string;
  readonly costType?: CostType;
}

export interface Authority {
  /** PEM. */
  readonly certificate: string;
  readonly ocspResponders: readonly OcspResponder[];
}

export interface CertificationService {
  readonly entryId: string;
  readonly name: string;
  readonly profile: string;
  readonly authenticationOnly: boolean;
  readonly defaultCsrFormat?: 'PEM' | 'DER';
  readonly acmeServer?: {
    readonly directoryUrl: string;
    readonly ipAddress?: string;
    readonly authenticationCertificateProfileId?: string;
    readonly signingCertificateProfileId?: string;
  };
  readonly top: Authority;
  readonly intermediates: readonly Authority[];
}

export interface TimestampingService {
  readonly entryId: string;
  readonly name: string;
  readonly url: string;
  /** PEM. */
  readonly certificate: string;
  readonly costType?: CostType;
}

export const trustPath = '/trust-services';
export const certificationApi = '/api/v1/certification-services';
export const timestampingApi = '/api/v1/timestamping-services';
export const certificationPath = (entryId: string) =>
  `${trustPath}/certification/${encodeURIComponent(entryId)}`;
export const timestampingPath = (entryId: string) =>
  `${trustPath}/timestamping/${encodeURIComponent(entryId)}`;
