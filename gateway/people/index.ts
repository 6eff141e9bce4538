export { userCommand } from './commands.ts';
export { checkFirstPerson, createFirstPerson, type FirstPerson, peoplePath } from './first-person.ts';
export { OidcSignIn } from './oidc/oidc-sign-in.ts';
export { type OidcSettings, oidcSettingsSchema } from './oidc/settings.ts';
export { People } from './people.ts';
export { addPeopleRoutes } from './routes.ts';
