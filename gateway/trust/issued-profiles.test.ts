import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Authority,
  createAuthority,
  type ProfileName,
  profileClasses,
} from '../../certs/authority/index.ts';
import { generateKeyPair, softwareSigningKey } from '../../certs/key/index.ts';
import { buildName, createRequest } from '../../certs/x509/index.ts';
import { memberOfSigningCertificate, purposeOf } from './index.ts';

describe('certificates that our authority issues', () => {
  let dir: string;
  let authority: Authority;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-profiles-'));
    authority = await createAuthority(dir, { name: 'Test', pin: 'Correct-Horse-7' });
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it.each([
    ['ejbca', 'GOV', '1001'],
    ['basic', 'GOV', '1001'],
    ['basic-acme', 'GOV', '1001'],
    ['fivrk', 'GOV', '1001'],
    ['is', 'GOV', '1001'],
    ['fo', 'GOV', '1001'],
    ['sk-klass3', 'GOV', '70000001'],
    ['sk-klass3', 'COM', '10000001'],
    ['sk-esteid', 'PERSON', '38001010000'],
  ] as const)(
    'under profile %s name the member %s/%s to who verifies',
    async (profile: ProfileName, memberClass, memberCode) => {
      const key = softwareSigningKey((await generateKeyPair({ type: 'ec', curve: 'P-256' })).privateKey);
      const request = await createRequest({ subject: buildName({ CN: 'x' }) }, key);
      const applicant = {
        instance: 'DEV',
        memberClass,
        memberCode,
        memberName: 'Name',
        serverCode: 'ss1',
        dnsName: 'ss1.example',
      };
      const signing = await authority.issue({ request, kind: 'signing', profile, applicant });
      expect(purposeOf(signing)).toBe('signing');
      expect(memberOfSigningCertificate(signing, profileClasses[profile], 'DEV')).toEqual({
        kind: 'MEMBER',
        instance: 'DEV',
        memberClass,
        memberCode,
      });
      expect(purposeOf(await authority.issue({ request, kind: 'authentication', profile, applicant }))).toBe(
        'authentication',
      );
    },
  );
});
