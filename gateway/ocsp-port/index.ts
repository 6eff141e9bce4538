export { createOcspPort, type OwnStatus } from './listener.ts';
export { PeerStatuses } from './peer-statuses.ts';
