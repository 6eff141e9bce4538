export { serverCommand } from './server-command.ts';
