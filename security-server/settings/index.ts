export { compareDescribed, type DescriptionDifference } from './described.ts';
export {
  type AccessRight,
  baseEndpoint,
  type ClientRecord,
  type DescribedService,
  type Endpoint,
  type Grant,
  type GrantTo,
  type LocalGroup,
  type OpenApiDescription,
  type ServiceLimit,
  type ServiceRecord,
  type SettingsContent,
  type Subject,
  type WsdlDescription,
} from './model.ts';
export { compareEndpoints, type EndpointDifference } from './open-api.ts';
export type { SettingsTables } from './schema.ts';
export { SettingsConflict } from './service-table.ts';
export { limitedService, type SettingsSnapshot, serviceIdOf } from './snapshot.ts';
export { SettingsStore } from './store.ts';
export { parseSubject, printSubject } from './subject.ts';
export { type Validity, type ValidityState, validityState } from './validity.ts';
