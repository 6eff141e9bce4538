/** Answers of the administration API that these pages read. */
export interface Client {
  readonly id: string;
  readonly status: 'saved' | 'registered' | 'disabled';
  readonly connectionType: 'NOSSL' | 'SSLNOAUTH' | 'SSLAUTH';
  /** PEM. */
  readonly certificates: readonly string[];
  /** What the configuration in force says; absent when none is. */
  readonly registry?: { readonly isShown: boolean; readonly name?: string; readonly memberName?: string };
}

export interface Orphans {
  readonly services: readonly string[];
  readonly rightsOnThem: number;
  readonly groups: readonly string[];
  readonly rightsGivenToIt: readonly { readonly provider: string; readonly serviceCode: string }[];
  readonly placesInGroups: readonly { readonly owner: string; readonly code: string }[];
  readonly signingCertificates: readonly string[];
}

export interface LocalGroup {
  readonly code: string;
  readonly description: string;
  readonly members: readonly string[];
}

export interface SentRequest {
  readonly id: number;
  readonly kind: string;
  readonly client?: string;
  readonly status: string;
  readonly reason?: string;
  readonly sentAt: string;
}

export interface KnownSubject {
  readonly subject: string;
  readonly kind: 'MEMBER' | 'SUBSYSTEM' | 'GLOBALGROUP' | 'LOCALGROUP';
  readonly name?: string;
  readonly memberName?: string;
}

export function clientPath(id: string): string {
  return `/clients/${encodeURIComponent(id)}`;
}

/** A certificate that was uploaded, DER or PEM, as PEM. Whether it is one is for the API to say. */
export async function toPem(file: File): Promise<string> {
  const bytes = Buffer.from(await file.arrayBuffer());
  const text = bytes.toString('latin1');
  if (text.includes('-----BEGIN')) return text;
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
