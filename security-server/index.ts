export { serverCommand } from './cli/index.ts';
export { initServer, type NewServer, type RunningServer, type ServerSettings, startServer } from './main.ts';
