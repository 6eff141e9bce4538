export type {
  AccessRight,
  ClientRecord,
  Endpoint,
  LocalGroup,
  ServiceRecord,
  SettingsContent,
  Subject,
} from './model.ts';
export type { SettingsTables } from './schema.ts';

export { type SettingsSnapshot, serviceIdOf } from './snapshot.ts';

export { SettingsStore } from './store.ts';
export { parseSubject, printSubject } from './subject.ts';
