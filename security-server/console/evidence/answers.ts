/** What the evidence API answers, as far as pages show it. @see ../../admin/evidence-answers.ts */

export interface ShownRecord {
  readonly index: number;
  readonly sequence: number;
  readonly at: string;
  readonly direction: 'request' | 'response';
  readonly side: 'client' | 'provider';
  readonly status: number | null;
  readonly configuration: string;
  readonly signature: {
    readonly certificate: {
      readonly subject: string;
      readonly issuer: string;
      readonly serialNumber: string;
      readonly validFrom: string;
      readonly validTo: string;
      readonly sha256: string;
    };
    readonly signedAt: string | null;
    readonly ocspProducedAt: string | null;
  } | null;
  readonly timestamp: {
    readonly at: string;
    readonly authority: string | null;
    readonly checkpointSize: number | null;
  } | null;
  readonly head: { readonly octets: number | null; readonly isErased: boolean };
  readonly bodies: readonly {
    readonly position: number;
    readonly octets: number;
    readonly isErased: boolean;
  }[];
}

export interface Verdict {
  readonly valid: boolean;
  readonly code: string | null;
  readonly reason: string | null;
  readonly place: string | null;
  readonly steps: readonly JudgedStep[];
  readonly warnings: readonly string[];
}

export interface JudgedStep {
  readonly about: string;
  readonly state: 'good' | 'bad' | 'absent';
  readonly code: string | null;
  readonly text: string;
  readonly details: readonly (readonly [string, string])[];
}

/** All under one message id. */
export interface ShownExchanges {
  readonly exchanges: readonly {
    readonly requestId: string;
    readonly records: readonly ShownRecord[];
    readonly sentences: readonly string[];
  }[];
  readonly verdict: Verdict;
  readonly areBodiesJudged: boolean;
}
