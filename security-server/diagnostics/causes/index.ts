import type { Cause } from '../cause.ts';
import { certificateCauses } from './certificates.ts';
import { configurationCauses } from './configuration.ts';
import { archiveCauses, backupCauses, diskCauses, evidenceCauses } from './evidence.ts';
import { clientCauses, peerCauses, registrationCauses, serviceCauses, startCauses } from './exchange.ts';
import { statusCauses } from './statuses.ts';
import { clockCauses, timestampingCauses } from './timestamping.ts';
import { tokenCauses } from './tokens.ts';

/** Everything that is known to stop exchange, or to be about to; the page of it is made from this. */
export const causes = {
  ...tokenCauses,
  ...certificateCauses,
  ...statusCauses,
  ...configurationCauses,
  ...timestampingCauses,
  ...clockCauses,
  ...diskCauses,
  ...evidenceCauses,
  ...archiveCauses,
  ...backupCauses,
  ...clientCauses,
  ...serviceCauses,
  ...peerCauses,
  ...registrationCauses,
  ...startCauses,
} satisfies Readonly<Record<string, Cause>>;

export type CauseCode = keyof typeof causes;
