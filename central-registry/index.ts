export { registryCommand } from './cli/index.ts';
export { initRegistry } from './init.ts';
export { type RegistrySettings, type RunningRegistry, startRegistry } from './main.ts';
export { checkRegister, type RegisterReport, registerFile } from './register/index.ts';
