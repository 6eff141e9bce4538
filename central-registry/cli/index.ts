export { registryCommand } from './registry-command.ts';
