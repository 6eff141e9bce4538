export type { Loopback } from './deliver.ts';
export { hostManagementService } from './host.ts';
export { type PostAnswer, postPinned } from './pinned-post.ts';
export { ManagementSender } from './sender.ts';
export { type SentRequest, sentStatuses } from './sent-requests.ts';
export { managementSigners } from './signers.ts';
