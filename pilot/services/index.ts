export { createBuildingPermits } from './building-permits.ts';
export { createPopulationRegister } from './population-register.ts';
