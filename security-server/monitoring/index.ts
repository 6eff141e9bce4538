export { firstAnswering } from './first-answering.ts';
export { addressOfHost, Monitoring } from './monitoring.ts';
