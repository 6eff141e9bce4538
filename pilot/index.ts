export { type PilotNetwork, type PilotOptions, startPilot } from './network.ts';
export { pilotCommand } from './pilot-command.ts';
