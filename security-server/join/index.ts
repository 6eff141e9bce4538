export type { Webhook } from '../webhook/index.ts';
export { JoinDesk, type JoinDeskOptions } from './desk.ts';
export { JoinError } from './error.ts';
export { Joining, type JoiningOptions, type JoinView } from './joining.ts';
export { joiningServer } from './own-admin.ts';
export type { JoiningServer, JoinPlaces } from './step.ts';
export type { JoiningBegin } from './take-up.ts';
