export { registryCommand } from './cli/index.ts';
export {
  type FoundingSettings,
  initRegistry,
  type RegistrySettings,
  type RunningRegistry,
  startRegistry,
} from './main.ts';
