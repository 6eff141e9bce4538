import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { ServiceId } from '../../gateway/identifier/index.ts';
import { BodyPolicyStore, strippedHead } from './index.ts';

const service: ServiceId = {
  kind: 'SERVICE',
  instance: 'DEV',
  memberClass: 'GOV',
  memberCode: '1',
  subsystemCode: 'data',
  serviceCode: 'person',
};
const dir = mkdtempSync(join(tmpdir(), 'waygate-policy-'));
afterAll(() => rmSync(dir, { recursive: true }));

describe('a body policy', () => {
  it('is that of the narrowest scope, for its side alone, and stays over a restart', () => {
    const path = join(dir, 'policy.sqlite');
    const store = new BodyPolicyStore(path);
    expect(store.of(service, 'provider')).toEqual({ kind: 'keep' });
    store.put({ scope: 'DEV:GOV:1', side: 'provider', policy: { kind: 'days', days: 30 } });
    store.put({ scope: 'DEV:GOV:1:data:person', side: 'provider', policy: { kind: 'digest' } });
    store.put({ scope: 'DEV:GOV:1:dat', side: 'provider', policy: { kind: 'keep' } });
    store.close();
    const again = new BodyPolicyStore(path);
    expect(again.of(service, 'provider')).toEqual({ kind: 'digest' });
    expect(again.of({ ...service, serviceCode: 'personal' }, 'provider')).toEqual({ kind: 'days', days: 30 });
    expect(again.of(service, 'client')).toEqual({ kind: 'keep' });
    expect(again.remove('DEV:GOV:1:data:person', 'provider')).toBe(true);
    expect(again.remove('DEV:GOV:1:data:person', 'provider')).toBe(false);
    expect(again.of(service, 'provider')).toEqual({ kind: 'days', days: 30 });
    again.close();
  });
});

describe('what is kept of a head', () => {
  const strip = (protocol: 'rest' | 'soap', text: string) =>
    strippedHead({ head: Buffer.from(text), protocol, service }).toString();

  it('of REST tells who called what service, and nothing of what was asked', () => {
    const request = [
      'GET',
      '/r1/DEV/GOV/1/data/person/secret-code?name=secret',
      'X-Road-Client:DEV/GOV/2/x',
      'x-road-id:7',
      'Authorization:secret',
      'Accept:secret',
      '',
    ].join('\r\n');
    expect(strip('rest', request)).toBe(
      'GET\r\n/r1/DEV/GOV/1/data/person\r\nX-Road-Client:DEV/GOV/2/x\r\nx-road-id:7\r\n',
    );
    expect(strip('rest', '200 OK\r\nx-road-id:7\r\nLocation:/secret\r\n')).toBe('200 OK\r\nx-road-id:7\r\n');
  });

  it('of SOAP has an empty Body, whatever pretends to be one', () => {
    const envelope = (body: string) =>
      `<s:Envelope><s:Header><id>7</id></s:Header><s:Body a="1">${body}</s:Body ></s:Envelope>`;
    expect(strip('soap', envelope('<x>secret</x>'))).toBe(envelope(''));
    expect(strip('soap', envelope('<Body>secret</Body><!-- </s:Body> -->secret'))).toBe(envelope(''));
    expect(strip('soap', '<Envelope><Body/></Envelope>')).toBe('');
    const pretended = '<Envelope><Header><!-- <Body /> --></Header><Body>secret</Body></Envelope>';
    expect(strip('soap', pretended)).not.toContain('secret');
    expect(strip('soap', '<Envelope>secret</Envelope>')).toBe('');
    expect(strip('soap', '<Envelope><Body>secret')).toBe('<Envelope><Body>');
  });

  it('never has octets that the head had not', () => {
    fc.assert(
      fc.property(fc.constantFrom('rest', 'soap'), fc.uint8Array({ maxLength: 300 }), (protocol, bytes) => {
        const kept = strippedHead({ head: Buffer.from(bytes), protocol, service });
        expect(kept.length).toBeLessThanOrEqual(bytes.length + 40);
      }),
    );
  });
});
