import type { TagColor, Visit } from '../../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

/** A certificate of this server as the API shows it. */
export interface OwnCertificate {
  readonly sha256: string;
  readonly use: 'signing' | 'authentication';
  readonly tokenId: string;
  readonly keyId: string;
  readonly serialNumber: string;
  readonly subject: string;
  readonly issuer: string;
  readonly authority?: string;
  readonly member?: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly isActive: boolean;
  readonly isInUse: boolean;
  readonly reasons: readonly { readonly code: string; readonly text: string }[];
  readonly registration?: string;
  readonly statusValidUntil?: string;
}

/** How it stands, in words. */
export function stateOf(visit: Visit, { isInUse, reasons }: OwnCertificate) {
  const t = textsOf(visit);
  const made = (text: string, meaning: string, color: TagColor) => ({ text, meaning, color });
  if (isInUse) return made(t.inUse, t.inUseMeaning, 'success');
  if (reasons.length === 0) return made(t.standsBy, t.standsByMeaning, 'info');
  return made(t.doesNotServe, t.doesNotServeMeaning, 'warning');
}
