import { expect, it } from 'vitest';
import { readClaims } from './claims.ts';
import { oidcSettingsSchema } from './settings.ts';

const settings = oidcSettingsSchema.parse({
  ...{ issuer: 'https://idp.example', clientId: 'waygate', rolesClaim: 'realm_access.roles' },
  roleMapping: { admins: ['system-administrator'], guards: ['security-officer', 'observer'] },
});
const rolesOf = (claims: Record<string, unknown>) => readClaims(claims, settings).roles;

it.each([
  [{}, []],
  [{ realm_access: { roles: ['admins'] } }, ['system-administrator']],
  [{ realm_access: { roles: 'guards' } }, ['security-officer', 'observer']],
  [
    { 'realm_access.roles': ['guards', 'admins', 'guards'] },
    ['security-officer', 'system-administrator', 'observer'],
  ],
  // Names of roles are no values of the claim, and what every object has gives nothing.
  [{ realm_access: { roles: ['system-administrator', 'Admins', 'constructor', '__proto__'] } }, []],
  [{ realm_access: { roles: [['admins'], { admins: true }, null, 7] } }, []],
  [{ realm_access: 'admins' }, []],
])('roles are given by mapped values alone: %j', (claims, roles) => {
  expect(rolesOf(claims)).toEqual(roles);
});

it('a name that is no text is none', () => {
  expect(readClaims({ preferred_username: ['anna'] }, settings).name).toBeUndefined();
  expect(readClaims({ preferred_username: 'anna' }, settings).name).toBe('anna');
});

it.each([
  { issuer: 'http://idp.example' },
  { issuer: 'ftp://127.0.0.1' },
  { issuer: 'http://127.0.0.1.evil.example' },
  { roleMapping: { admins: ['root'] } },
  { unknown: 1 },
])('settings that do not fit are refused: %j', (wrong) => {
  expect(oidcSettingsSchema.safeParse({ ...settings, ...wrong }).success).toBe(false);
});
