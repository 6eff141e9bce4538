export { checkHealth, type Health, type HealthCheck, type HealthSources } from './health.ts';
