export * from './model.ts';
export { buildSnapshot, covers, serviceIdOf, type SettingsSnapshot } from './snapshot.ts';
