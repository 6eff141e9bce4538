/** Answers of the administration API that these pages read. */
export interface Grant {
  readonly method: string;
  readonly path: string;
  readonly validFrom?: string;
  readonly validUntil?: string;
  readonly state: 'to-begin' | 'in-force' | 'ended';
}

/** One right: a subject and an endpoint. */
export interface Right extends Grant {
  readonly subject: string;
}

export interface SubjectRights {
  readonly subject: string;
  readonly endpoints: readonly Grant[];
}

/** A right as its subject sees it. */
export interface Access extends Grant {
  readonly provider: string;
  readonly serviceCode: string;
  readonly title?: string;
  /** The subject, or a group that it is in. */
  readonly by: string;
  readonly isSwitchedOff: boolean;
}
