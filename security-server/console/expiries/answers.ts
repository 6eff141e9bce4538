import type { TagColor, Visit } from '../../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

/** Something that ends, as the API shows it. */
export interface Expiry {
  readonly kind: string;
  readonly name: string;
  readonly owner: string;
  readonly state: 'ended' | 'soon' | 'good' | 'renews-itself' | 'replaced' | 'unreadable';
  readonly subject?: string;
  readonly sha256?: string;
  readonly notAfter?: string;
  readonly renewalTrouble?: string;
  readonly reason?: string;
  readonly stops: string;
  readonly remedy: string;
  readonly href: string;
}

export interface Problem {
  readonly code: string;
  readonly text: string;
  readonly remedy: string;
}

/** Of notices. */
export interface Notices {
  readonly receivers: readonly {
    readonly receiver: string;
    readonly waiting: number;
    readonly failure?: Problem & {
      readonly at: string;
      readonly count: number;
      readonly nextAttemptAt: string;
    };
  }[];
  readonly sent: readonly {
    readonly receiver: string;
    readonly days: number;
    readonly expiry: string;
    readonly notAfter: string;
    readonly at: string;
  }[];
}

export interface TestOutcome {
  readonly receiver: string;
  readonly isSent: boolean;
  readonly problem?: Problem;
}

export interface NoticeSettings {
  readonly language: 'en' | 'de';
  readonly mail?: {
    readonly host: string;
    readonly port: number;
    readonly security: 'starttls' | 'tls' | 'none';
    readonly user?: string;
    readonly sender: string;
    readonly recipients: readonly string[];
    readonly certificates: readonly string[];
    readonly hasPassword: boolean;
  };
  readonly webhook?: { readonly url: string; readonly certificates: readonly string[] };
}

const colors: Readonly<Record<Expiry['state'], TagColor>> = {
  ended: 'danger',
  unreadable: 'warning',
  soon: 'warning',
  'renews-itself': 'info',
  good: 'success',
  replaced: 'neutral',
};

/** How it stands, in words. */
export function stateOf(visit: Visit, { state }: Expiry) {
  return { text: textsOf(visit).states[state], color: colors[state] };
}
