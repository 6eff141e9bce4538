import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkCreatable,
  checkRepresentedParty,
  decodeSegment,
  encodeSegment,
  equal,
  IdentifierError,
  memberOf,
  parseEncodedClient,
  parseRestClient,
  parseRestServer,
  parseRestService,
  printEncoded,
  printFull,
  printRest,
  providerOf,
} from './index.ts';

describe('percent-coding of identifier parts', () => {
  it.each([
    ['a%20b', 'a b'],
    ['a+b', 'a+b'],
    ['%C3%A4', 'ä'],
    ['%2f', '/'],
    ["!$&'()*+,;=:@-._~", "!$&'()*+,;=:@-._~"],
    ['%E2%82%ACx%41', '€xA'],
  ])('decodes %s', (text, expected) => {
    expect(decodeSegment(text)).toBe(expected);
  });

  it.each([
    '%',
    '%4',
    '%4g',
    'a b',
    'ä',
    '"',
    '%C3',
    '%C0%AF',
    '%ED%A0%80',
    '[',
    '\\',
    '\u0000',
    '#',
    '?',
    '%%41',
  ])('refuses %s', (text) => {
    expect(() => decodeSegment(text)).toThrow(IdentifierError);
  });

  it('gives back every text, and escapes in upper case only what must be', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const encoded = encodeSegment(text);
        expect(encoded).toMatch(/^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-F]{2})*$/);
        expect(decodeSegment(encoded)).toBe(text);
      }),
    );
  });

  it('raises nothing but an IdentifierError', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const parse of [
          decodeSegment,
          parseRestClient,
          parseRestServer,
          parseRestService,
          parseEncodedClient,
        ]) {
          try {
            parse(text);
          } catch (error) {
            expect(error).toBeInstanceOf(IdentifierError);
          }
        }
      }),
    );
  });
});

describe('identifiers', () => {
  it('read from headers are what they print', () => {
    const client = parseRestClient('DEV/GOV/12%2F3/sub%20system');
    expect(client).toMatchObject({ kind: 'SUBSYSTEM', memberCode: '12/3', subsystemCode: 'sub system' });
    expect(printRest(client)).toBe('DEV/GOV/12%2F3/sub%20system');
    expect(printFull(client)).toBe('SUBSYSTEM:DEV/GOV/12/3/sub system');
    expect(parseEncodedClient(printEncoded(client))).toEqual(client);
    expect(parseEncodedClient('SUBSYSTEM:EE:GOV:123:sub')).toMatchObject({ subsystemCode: 'sub' });
  });

  it.each([
    [parseRestClient, 'DEV/GOV'],
    [parseRestClient, 'DEV/GOV/1/2/3'],
    [parseRestClient, 'DEV//1'],
    [parseRestClient, 'DEV/ %20/1'],
    [parseRestServer, 'DEV/GOV/1'],
    [parseRestServer, 'DEV/GOV/1/2/3'],
    [parseRestService, 'DEV/GOV/1/2'],
    [parseRestService, 'DEV/GOV/1/2/3/4'],
    [checkRepresentedParty, 'a/b/c'],
    [checkRepresentedParty, ''],
  ])('%o refuses %s', (parse, text) => {
    expect(() => parse(text)).toThrow(IdentifierError);
  });

  it('tell a member from its subsystem, and a field boundary from a character', () => {
    const member = parseRestClient('DEV/GOV/1');
    const subsystem = parseRestClient('DEV/GOV/1/a');
    expect(equal(member, subsystem)).toBe(false);
    expect(equal(memberOf(subsystem), member)).toBe(true);
    expect(equal(parseRestClient('DEV/GOV/1%2Fa/b'), parseRestClient('DEV/GOV/1/a%2Fb'))).toBe(false);
    expect(equal(subsystem, parseRestClient('DEV/GOV/1/A'))).toBe(false);
  });

  it('of services name their provider', () => {
    expect(providerOf(parseRestService('DEV/GOV/1/sub/echo'))).toEqual(parseRestClient('DEV/GOV/1/sub'));
  });

  it.each(['', 'a/b', 'a:b', 'a b', 'ä', '..', '%', 'x'.repeat(256)])('with %s are not created', (field) => {
    expect(() => checkCreatable(field)).toThrow(IdentifierError);
  });

  it('with the documented characters are created', () => {
    checkCreatable("AZaz09'()+,-.=?");
  });
});
