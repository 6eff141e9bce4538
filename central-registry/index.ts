export { registryCommand } from './cli/index.ts';
export {
  initRegistry,
  type RegistrySettings,
  type RunningRegistry,
  startRegistry,
} from './main.ts';
export { checkRegister, type RegisterReport, registerFile } from './register/index.ts';
