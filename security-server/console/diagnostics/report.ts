/** What the administration API tells, as far as the pages show it. */
export interface Diagnosis {
  readonly code: string;
  readonly severity: string;
  readonly subject: string;
  readonly detail?: string;
  readonly checked: string;
  readonly cause: string;
  readonly remedy: string;
  readonly who: string;
  readonly href: string;
  readonly since: string;
}

interface Failure {
  readonly at: string;
  readonly text: string;
}

export interface Asked {
  readonly url: string;
  readonly lastGoodAt?: string;
  readonly failsSince?: string;
  readonly failure?: Failure;
}

interface Way {
  readonly lastGoodAt?: string;
  readonly failsSince?: string;
  readonly failure?: Failure;
}

export interface Certificate {
  readonly name: string;
  readonly use: string;
  readonly issuer: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly isActive: boolean;
  readonly statusUntil?: string;
}

export interface Report {
  readonly checkedAt: string;
  readonly diagnoses: readonly Diagnosis[];
  readonly configuration: {
    readonly instance: string;
    readonly id?: string;
    readonly expiresAt?: string;
    readonly fetchedAt?: string;
    readonly sources: readonly Asked[];
  };
  readonly timestamping: {
    readonly lastTimestampAt?: string;
    readonly recordsWithoutTimestamp: number;
    readonly authorities: readonly (Asked & { readonly name?: string })[];
  };
  readonly ocsp: readonly { readonly authority: string; readonly responders: readonly Asked[] }[];
  readonly certificates: readonly Certificate[];
  readonly clock: {
    readonly aheadMilliseconds?: number;
    readonly observations: readonly { readonly url: string }[];
  };
  readonly disk: {
    readonly level: string;
    readonly bytesFree?: number;
    readonly daysUntilFull?: number;
    readonly detail: string;
  };
  readonly peers: readonly (Way & { readonly provider: string })[];
  readonly services: readonly (Way & { readonly service: string })[];
  readonly backups: { readonly isGood: boolean; readonly detail: string; readonly newestAt?: string };
}

export interface Probe {
  readonly kind: string;
  readonly target: string;
  readonly isGood: boolean;
  readonly found: string;
  readonly diagnosis?: Pick<Diagnosis, 'code' | 'cause' | 'remedy' | 'who'>;
  readonly durationMilliseconds: number;
}
