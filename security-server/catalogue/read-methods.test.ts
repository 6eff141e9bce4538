import { describe, expect, it } from 'vitest';
import { parseEncodedClient } from '../../gateway/identifier/index.ts';
import { composeEnvelope, writeIdentifier } from '../../gateway/soap/index.ts';
import { readRestMethods, readSoapMethods } from './read-methods.ts';

const provider = parseEncodedClient('DEV:GOV:1:population');
const own = { xroad_instance: 'DEV', member_class: 'GOV', member_code: '1', subsystem_code: 'population' };
const rest = (service: unknown) => readRestMethods(Buffer.from(JSON.stringify({ service })), provider);
const header = {
  ...{ client: provider, id: '1', protocolVersion: '4.0' },
  service: { ...provider, kind: 'SERVICE', serviceCode: 'listMethods' } as never,
};
const soap = (body: string) => readSoapMethods(composeEnvelope(header, body), 'utf-8', provider);
const listed = (...services: readonly object[]) =>
  `<xr:listMethodsResponse>${services
    .map((one) =>
      writeIdentifier('xr:service', { ...provider, kind: 'SERVICE', serviceCode: 'a', ...one } as never),
    )
    .join('')}</xr:listMethodsResponse>`;

describe('a list of services', () => {
  it('over REST has codes, kinds and endpoints', () => {
    const endpoint_list = [{ method: 'GET', path: '/a/*' }];
    expect(
      rest([
        { ...own, service_code: 'a', service_type: 'OPENAPI', endpoint_list },
        { ...own, service_code: 'b' },
      ]),
    ).toEqual([
      { serviceCode: 'a', kind: 'OPENAPI', endpoints: endpoint_list },
      { serviceCode: 'b', kind: 'REST', endpoints: [] },
    ]);
  });

  it('over SOAP has codes and versions', () => {
    expect(soap(listed({}, { serviceVersion: 'v1' }))).toEqual([
      { serviceCode: 'a', kind: 'WSDL', endpoints: [] },
      { serviceCode: 'a', serviceVersion: 'v1', kind: 'WSDL', endpoints: [] },
    ]);
  });

  it.each([
    ['of another provider', { ...own, member_code: '2', service_code: 'a' }],
    ['of the member itself', { ...own, subsystem_code: undefined, service_code: 'a' }],
    ['with a slash', { ...own, service_code: 'a/b' }],
    ['with characters that turn the writing', { ...own, service_code: 'a\u202eb' }],
    ['with a code that is too long', { ...own, service_code: 'a'.repeat(256) }],
    ['of another kind', { ...own, service_code: 'a', service_type: 'WSDL' }],
    ['that is none', 1],
  ])('passes over a service %s', (_what, service) => {
    expect(rest([service, { ...own, service_code: 'good' }]).map(({ serviceCode }) => serviceCode)).toEqual([
      'good',
    ]);
  });

  it('passes over services of another provider, over SOAP as well', () => {
    expect(soap(listed({ memberCode: '2' }, { subsystemCode: undefined }))).toEqual([]);
  });

  it('passes over endpoints that are none', () => {
    const endpoint_list = [
      1,
      { method: 'GET /', path: '/' },
      { method: 'GET', path: '/\u0000' },
      { path: '/a' },
    ];
    expect(rest([{ ...own, service_code: 'a', endpoint_list }])[0]?.endpoints).toEqual([]);
  });

  it('is read as far as a thousand services, of a thousand endpoints', () => {
    const endpoint_list = Array.from({ length: 1_500 }, (_, at) => ({ method: 'GET', path: `/${at}` }));
    const many = Array.from({ length: 1_500 }, (_, at) => ({ ...own, service_code: `s${at}` }));
    expect(rest([{ ...own, service_code: 'a', endpoint_list }])[0]?.endpoints).toHaveLength(1_000);
    expect(rest(many)).toHaveLength(1_000);
  });

  it.each(['', '[]', '{}', '{"service":1}', '\u00ff'])('over REST is refused as %j', (text) => {
    expect(() => readRestMethods(Buffer.from(text, 'latin1'), provider)).toThrow(
      expect.objectContaining({ code: 'answer-unreadable' }),
    );
  });

  it.each(['', '<a/>', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])('over SOAP is refused as %j', (text) => {
    expect(() => readSoapMethods(Buffer.from(text), 'utf-8', provider)).toThrow(
      expect.objectContaining({ code: 'answer-unreadable' }),
    );
  });
});
