import { createContext, useContext } from 'hono/jsx';
import type { ApiClient } from './api-client.ts';
import type { Assets } from './assets.ts';
import type { FrameTexts, Language } from './texts/catalogue.ts';

/** Who is signed in, as `GET /api/v1/session` says. */
export interface Session {
  readonly name: string;
  readonly roles: readonly string[];
  readonly csrfToken: string;
  readonly expiresAt?: string;
  readonly hasSecondFactor?: boolean;
  readonly recoveryCodesLeft?: number;
}

/** Who is signed in, on pages that nobody else sees. @throws Error on others: a fault of ours */
export function sessionOf({ session }: Visit): Session {
  if (session === undefined) throw new Error('The page is open to everybody, and has no session');
  return session;
}

export const schemes = ['auto', 'light', 'dark'] as const;
export type Scheme = (typeof schemes)[number];

/** One request for a page: who asks, in which language, when. */
export interface Visit {
  readonly url: URL;
  readonly language: Language;
  readonly texts: FrameTexts;
  readonly scheme: Scheme;
  readonly now: Date;
  /** Absent while nobody is signed in. */
  readonly session?: Session;
  readonly api: ApiClient;
  /** Of the program, the same for every visit. */
  readonly frame: Frame;
  /** What the pattern of the path took, decoded. */
  param(name: string): string;
}

/** What all pages of a program's console share. */
export interface Frame {
  /** What the program is, in the visitor's language: 'Central registry'. */
  readonly role: (visit: Visit) => string;
  /** What it serves: the instance, or the server. */
  readonly instance: string;
  readonly version: string;
  readonly assets: Assets;
  readonly navigation: (visit: Visit) => readonly NavGroup[];
  /** Whether sign-in by the organisation is offered. */
  readonly hasOidc: boolean;
  /** Not at a first start: who is there has no account. */
  readonly hasPeople: boolean;
  /** Whether the program keeps why somebody makes a change. */
  readonly keepsReasons: boolean;
}

export interface NavGroup {
  readonly heading?: string;
  readonly links: readonly NavLink[];
}

export interface NavLink {
  readonly href: string;
  readonly text: string;
  /** How many things wait there. */
  readonly count?: number;
}

const visits = createContext<Visit | undefined>(undefined);

/** Gives the components of a page the visit they are drawn for. */
export const VisitProvider = visits.Provider;

/** The visit that is being answered. @throws Error outside of a page: a fault of ours */
export function useVisit(): Visit {
  const visit = useContext(visits);
  if (visit === undefined) throw new Error('A component was drawn without its page');
  return visit;
}
