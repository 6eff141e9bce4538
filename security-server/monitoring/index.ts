export { firstAnswering } from './first-answering.ts';
export { addressOfHost, Monitoring, type VouchedNames } from './monitoring.ts';
export type { OperationalRecord } from './operational-record.ts';
export { type Traffic, type TrafficSum, trafficDimensions, trafficPeriods } from './traffic.ts';
