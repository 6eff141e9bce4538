export { RenewalError } from './error.ts';
export { Renewals, type RenewalsOptions } from './renewals.ts';
export { type Renewal, stages } from './state.ts';
