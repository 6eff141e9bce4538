export { JoinError } from './error.ts';
export { Joining, type JoiningBegin, type JoiningOptions, type JoinView, readJoinView } from './joining.ts';
export type { JoiningServer, JoinPlaces } from './step.ts';
export type { Webhook } from './webhook.ts';
