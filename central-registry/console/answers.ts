/** What the administration API answers, as far as pages show it. @see ../admin for what the fields mean */

export interface MemberClass {
  readonly code: string;
  readonly description: string;
}

/** A member, or a subsystem. */
export interface Party {
  readonly id: string;
  readonly name?: string;
}

export interface Server {
  readonly id: string;
  readonly address: string;
  readonly maintenance?: { readonly message?: string };
  readonly authenticationCertificates: readonly {
    readonly sha256: string;
    readonly subject: string;
    readonly notAfter: string;
  }[];
  readonly clients: readonly string[];
  readonly disabledClients: readonly string[];
  readonly configuration?: {
    readonly at: string;
    readonly state: 'current' | 'former' | 'unknown';
    readonly publishedAt?: string;
  };
}

export interface Group {
  readonly code: string;
  readonly description: string;
  readonly members: readonly string[];
}

/** What was verified of one signature of a request. */
export interface Proof {
  readonly purpose: 'signing' | 'authentication';
  readonly member?: string;
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  readonly sha256: string;
  readonly notAfter: string;
  readonly statusAt?: string;
  readonly checks: readonly ('same-certificate' | 'trusted' | 'member' | 'status' | 'signature')[];
}

export interface ManagementRequest {
  readonly id: number;
  readonly kind: string;
  readonly origin: 'registration' | 'management';
  readonly sender: string;
  readonly server: string;
  readonly client?: string;
  readonly subsystemName?: string;
  readonly address?: string;
  readonly certificate?: string;
  readonly message?: string;
  readonly messageId: string;
  readonly digest: string;
  /** Absent from requests that came before it was kept. */
  readonly evidence?: readonly Proof[];
  readonly status: 'waiting' | 'approved' | 'declined' | 'revoked';
  readonly reason?: string;
  readonly createdAt: string;
  readonly decidedAt?: string;
}

export interface Publication {
  readonly publishedAt?: string;
  readonly expiresAt?: string;
  readonly failure?: string;
}

export interface Counts {
  readonly members: number;
  readonly servers: number;
  readonly waitingRequests: number;
}

/** An authentication certificate that ends soon. */
export interface Ending {
  readonly server: string;
  readonly notAfter: string;
}
