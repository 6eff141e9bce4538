import { describe, expect, it } from 'vitest';
import { Fault } from '../fault/index.ts';
import { checkPeerVersion } from './check-version.ts';

describe('the version a peer says', () => {
  const verdict = (header: string | undefined, minimum: string | undefined) => {
    try {
      checkPeerVersion(header, minimum);
      return 'taken';
    } catch (error) {
      if (error instanceof Fault) return error.code;
      throw error;
    }
  };
  const refused = 'ClientProxyVersionNotSupported';

  it.each(['7.5.9', '7.5.99', '6.26.0', '0.0.0', '7.6.0-SNAPSHOT', '7.6.0-rc.1+build', '6.99.99'])(
    '%s is refused where 7.6.0 is the least',
    (version) => expect(verdict(version, '7.6.0')).toBe(refused),
  );

  it.each(['7.6.0', '7.6.1', '7.10.0', '10.0.0', '7.7.0-beta1', '7.6.0+20250101', '7.6.1-SNAPSHOT'])(
    '%s is taken where 7.6.0 is the least',
    (version) => expect(verdict(version, '7.6.0')).toBe('taken'),
  );

  it.each([
    undefined,
    '',
    '7',
    '7.8',
    '7.8.0.1',
    'v7.8.0',
    '7.8.x',
    ' 7.8.0',
    '7.8.0, 7.8.0',
    '07.8.0',
    '7.8.0-',
    '7.8.0-01',
    '-7.8.0',
    '7.8.0\n',
    `7.8.0-${'a'.repeat(200)}`,
  ])('%j cannot be read and is refused', (header) => expect(verdict(header, '7.6.0')).toBe(refused));

  it('plays no part where no least version is set', () => {
    expect(verdict(undefined, undefined)).toBe('taken');
    expect(verdict('nonsense', undefined)).toBe('taken');
  });

  it('orders what leads up to a release as semantic versions do', () => {
    const rising = ['alpha', 'alpha.1', 'alpha.beta', 'beta', 'beta.2', 'beta.11', 'rc.1'].map(
      (tag) => `1.0.0-${tag}`,
    );
    for (const [index, lower] of rising.entries()) {
      for (const higher of rising.slice(index + 1)) {
        expect([lower, higher, verdict(lower, higher)]).toEqual([lower, higher, refused]);
        expect([higher, lower, verdict(higher, lower)]).toEqual([higher, lower, 'taken']);
      }
      expect(verdict(lower, lower)).toBe('taken');
      expect(verdict('1.0.0', lower)).toBe('taken');
    }
  });
});
