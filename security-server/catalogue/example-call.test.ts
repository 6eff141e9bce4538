import { describe, expect, it } from 'vitest';
import { parseEncodedClient } from '../../gateway/identifier/index.ts';
import { parseEnvelope } from '../../gateway/soap/index.ts';
import { examplesOf } from '../example-calls/index.ts';
import type { OutlinedOperation } from '../openapi/index.ts';
import { type ExampleCaller, restExample, soapExample } from './index.ts';

const caller = {
  ...{ server: 'http://ss1.example', connectionType: 'NOSSL' },
  client: parseEncodedClient('DEV:MUN:2:portal'),
} satisfies ExampleCaller;
const service = { provider: { id: 'DEV:GOV:1:population' }, serviceCode: 'register' } as never;
const operation = (changes: Partial<OutlinedOperation>): OutlinedOperation => ({
  ...{ method: 'GET', path: '/a', isDeprecated: false, parameters: [], answers: [] },
  ...changes,
});

describe('an example of a described operation', () => {
  it('has its parameters at their examples or names, and the queries and headers that it demands', () => {
    const parameters = [
      { name: 'code', in: 'path', isRequired: true, example: 'P 1/2' },
      { name: 'part', in: 'path', isRequired: true },
      { name: 'q&', in: 'query', isRequired: true, example: 'ä' },
      { name: 'page', in: 'query', isRequired: false },
      { name: 'X-Case', in: 'header', isRequired: true, example: '7' },
      { name: 'X-Road-Client', in: 'header', isRequired: true, example: 'DEV/GOV/9/other' },
    ] as const;
    const body = { contentType: 'application/json', isRequired: true, example: '{}' };
    const call = restExample(
      caller,
      service,
      operation({ method: 'PUT', path: '/p/{code}/{part}', parameters, body }),
    );
    expect(call).toMatchObject({
      ...{ method: 'PUT', path: '/p/P%201%2F2/part?q%26=%C3%A4', body: '{}' },
      target: '/r1/DEV/GOV/1/population/register/p/P%201%2F2/part?q%26=%C3%A4',
      headers: [
        ['X-Road-Client', 'DEV/MUN/2/portal'],
        ['Content-Type', 'application/json'],
        ['X-Case', '7'],
      ],
    });
  });

  it.each(['/../../../../other', '/a/%2e%2e/b', '/{x}/..'])('is no program when its path is %s', (path) => {
    expect(examplesOf(restExample(caller, service, operation({ path })))).toEqual([]);
  });

  it('whose parameter steps upwards is no program', () => {
    const parameters = [{ name: 'x', in: 'path', isRequired: true, example: '..' }] as const;
    expect(examplesOf(restExample(caller, service, operation({ path: '/{x}/b', parameters })))).toEqual([]);
  });

  it.each([
    ['/persons/*', '/persons/ID'],
    ['/**', '/ID'],
    ["/a'b c\\*", "/a'b%20c*"],
  ])('of the endpoint %s calls %s', (glob, path) => {
    expect(restExample(caller, service, { method: '*', path: glob })).toMatchObject({ method: 'GET', path });
  });
});

describe('an example of a SOAP operation', () => {
  it('is a message of the client for that operation, with the element that it demands', () => {
    const element = { namespace: 'urn:"x"&', localName: 'registerRequest' };
    const { body = '', target } = soapExample(caller, service, { title: '', element });
    expect(target).toBe('/');
    expect(parseEnvelope(Buffer.from(body))).toMatchObject({
      bodyName: 'registerRequest',
      header: { client: caller.client, service: { serviceCode: 'register', subsystemCode: 'population' } },
    });
  });
});
