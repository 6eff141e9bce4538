import { expect, it } from 'vitest';
import { readCertificateProfiles, writeCertificateProfiles } from './certificate-profiles.ts';

const whole = {
  shownBy: [],
  instance: { from: 'signer' as const },
  memberClass: { from: 'subject' as const, attribute: 'OU' },
  memberCode: { from: 'subject' as const, attribute: 'CN' },
};
const profile = { name: 'own', description: '', forms: [whole] };
const sha256 = 'ab'.repeat(32);
const good = { profiles: [profile], authorities: [{ sha256, profile: 'own' }] };

const read = (text: string | object) =>
  readCertificateProfiles(Buffer.from(typeof text === 'string' ? text : JSON.stringify(text)));

it('the part of certificate profiles is read as it was written', () => {
  expect(readCertificateProfiles(writeCertificateProfiles(good).content)).toEqual(good);
});

it.each<[string, string | object]>([
  ['is no JSON', '{'],
  ['is something else', '[]'],
  ['is longer than any', `${JSON.stringify(good)}${' '.repeat(2 * 1024 * 1024)}`],
  ['has two profiles of one name', { ...good, profiles: [profile, profile] }],
  ['has an authority twice', { ...good, authorities: [...good.authorities, ...good.authorities] }],
  ['has an authority of a profile that is not in it', { ...good, profiles: [] }],
  [
    'has an authority of a name every object has',
    { ...good, authorities: [{ sha256, profile: 'toString' }] },
  ],
  ['has a hash that is none', { ...good, authorities: [{ sha256: 'AB', profile: 'own' }] }],
  [
    'has a rule that is not known here',
    { ...good, profiles: [{ ...profile, forms: [{ ...whole, also: 1 }] }] },
  ],
])('a part that %s makes the configuration unreadable', (_what, text) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code: 'MalformedGlobalConf' }));
});
