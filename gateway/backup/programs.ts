/** Which program a backup is of: the other does not take it. */
export const backedUpPrograms = ['central-registry', 'security-server'] as const;
export type BackedUpProgram = (typeof backedUpPrograms)[number];

interface ProgramFolder {
  /** First words of its commands. */
  readonly command: string;
  /** Relative paths of what its next start makes anew, and no backup holds. */
  readonly madeAnew: RegExp;
}

export const programFolders: Readonly<Record<BackedUpProgram, ProgramFolder>> = {
  'central-registry': {
    command: 'waygate registry',
    // What is published.
    madeAnew: /^public$/,
  },
  'security-server': {
    command: 'waygate server',
    // Bodies of exchanges under way, which end with the process; the configuration, which is fetched at the start.
    madeAnew: /^(spool|globalconf(\.[^/]+)?)$/,
  },
};
