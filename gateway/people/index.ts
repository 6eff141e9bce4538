export { AddressFailures, blockOf } from './address-failures.ts';
export { userCommand } from './commands.ts';
export { SessionCookie } from './cookies.ts';
export {
  checkFirstPerson,
  createFirstPerson,
  type FirstPerson,
  forgetPeople,
  type PreparedPerson,
  peoplePath,
  prepareFirstPerson,
} from './first-person.ts';
export { OidcSignIn } from './oidc/oidc-sign-in.ts';
export { type OidcSettings, oidcSettingsSchema } from './oidc/settings.ts';
export { People } from './people.ts';
export { addPeopleRoutes } from './routes.ts';
export { hashSecret, makeSecret } from './secret.ts';
export { csrfTokenOf } from './sessions.ts';
