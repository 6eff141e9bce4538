export { JoinDesk, type JoinDeskOptions } from './desk.ts';
export { JoinError } from './error.ts';
export { Joining, type JoiningBegin, type JoiningOptions, type JoinView } from './joining.ts';
export { joiningServer } from './own-admin.ts';
export type { JoiningServer, JoinPlaces } from './step.ts';
export type { Webhook } from './webhook.ts';
