export { type AdminClient, adminClient } from './admin-client.ts';
export { type PilotNetwork, type PilotOptions, startInfrastructure, startPilot } from './network.ts';
export { pilotCommand } from './pilot-command.ts';
export { portCount } from './plan.ts';
export { loadOrMakeSecrets } from './secrets.ts';
