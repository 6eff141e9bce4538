export { hostManagementService } from './host.ts';
export { ManagementSender } from './sender.ts';
export { type SentRequest, sentStatuses } from './sent-requests.ts';
export { managementSigners } from './signers.ts';
