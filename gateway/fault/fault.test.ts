import { describe, expect, it } from 'vitest';
import { IdentifierError } from '../identifier/index.ts';
import { parseXml } from '../xml/index.ts';
import {
  asFault,
  Fault,
  RelayedFault,
  readCode,
  readSoapFault,
  renderRest,
  renderSoap,
  spellCode,
} from './index.ts';

describe('fault codes', () => {
  it.each([
    [
      new Fault('AccessDenied', '', { origin: 'ServerProxy' }),
      'server.serverproxy.access_denied',
      'Server.ServerProxy.AccessDenied',
    ],
    [
      new Fault('OutdatedGlobalConf', '', { origin: 'ClientProxy' }),
      'server.clientproxy.global_conf_outdated',
      'Server.ClientProxy.OutdatedGlobalConf',
    ],
    [
      new Fault('HashChainUnusedInputs', '', {
        origin: 'ServerProxy',
        within: ['SignatureVerification', 'MalformedSignature'],
      }),
      'server.serverproxy.signature_verification.malformed_signature.hashchain_unused_inputs',
      'Server.ServerProxy.SignatureVerification.MalformedSignature.HashChainUnusedInputs',
    ],
    [
      new Fault('UnknownHost', '', { origin: 'ClientProxy' }),
      'server.clientproxy.unknown_host',
      'Server.ClientProxy.NetworkError',
    ],
    [new Fault('IOError', '', { origin: 'Client' }), 'client.io_error', 'Client.IOError'],
    [
      new Fault('NetworkError', '', { origin: 'OpMonitor' }),
      'server.serverproxy.opmonitor.network_error',
      'Server.ServerProxy.OpMonitor.NetworkError',
    ],
    [new Fault('AsicMimeTypeNotFound', ''), 'asic_mime_type_not_found', 'AsicMimeTypeNotFound'],
    [new Fault('SslAuthenticationFailed', ''), 'ssl_authentication_failed', 'SslAuthenticationFailed'],
    [
      new Fault('HSMNonOperational', '', { origin: 'Signer' }),
      'signer.hsm_non_operational',
      'Signer.HSMNonOperational',
    ],
  ])('are spelled as each release does, and read in either spelling', (fault, newer, older) => {
    expect(spellCode(fault)).toBe(newer);
    expect(spellCode(fault, '7.7')).toBe(older);
    expect(readCode(newer)).toMatchObject({ code: fault.code, within: fault.within });
    expect(readCode(newer)?.origin).toBe(fault.origin);
    if (fault.code !== 'UnknownHost') expect(readCode(older)).toEqual(readCode(newer));
  });

  it('of nobody are not read', () => {
    for (const text of ['', 'server.serverproxy', 'server.serverproxy.nonsense', 'constructor', '..']) {
      expect(readCode(text)).toBeUndefined();
    }
  });

  it('get their origin and each wrapper once', () => {
    const fault = new Fault('InvalidSignatureValue', 'x')
      .wrappedIn('SignatureVerification')
      .at('ServerProxy')
      .at('ClientProxy');
    expect(spellCode(fault.wrappedIn('SignatureVerification'))).toBe(
      'server.serverproxy.signature_verification.invalid_signature_value',
    );
  });

  it('of errors nobody foresaw are internal, and tell strangers nothing', () => {
    const fault = asFault(new TypeError('secret path /x'));
    expect(fault.code).toBe('InternalError');
    expect(fault.message).not.toContain('secret');
    expect(asFault(new IdentifierError("'x' is bad")).code).toBe('InternalError');
    expect(asFault(new IdentifierError("'x' is bad")).message).toContain("'x' is bad");
  });
});

describe('a fault for a REST information system', () => {
  const fault = new Fault('AccessDenied', 'Not <allowed> & \u0000', { origin: 'ServerProxy' });

  it.each([undefined, '*/*', 'application/json', 'application/xhtml+xml', 'image/*'])(
    'is JSON for Accept %s',
    (accept) => {
      const { status, contentType, body } = renderRest(fault, accept, 'id-1');
      expect([status, contentType]).toEqual([500, 'application/json;charset=utf-8']);
      expect(JSON.parse(body)).toEqual({
        type: 'server.serverproxy.access_denied',
        message: fault.message,
        detail: 'id-1',
      });
    },
  );

  it.each([
    ['text/xml', 'text/xml'],
    ['application/json, application/xml;q=0.1', 'application/xml'],
    ['text/*', 'text/xml'],
  ])('is XML for Accept %s', (accept, type) => {
    const { contentType, body } = renderRest(fault, accept, 'id-1');
    expect(contentType.startsWith(type)).toBe(true);
    expect(parseXml(body).localName).toBe('error');
  });

  it('is a 400 only when the caller alone is to blame', () => {
    expect(renderRest(new Fault('InvalidSoap', '', { origin: 'Client' }), undefined, '').status).toBe(400);
    expect(
      renderRest(new RelayedFault('Server.ServerProxy.AccessDenied', '', ''), undefined, '').status,
    ).toBe(500);
  });
});

describe('a fault between servers', () => {
  it('comes back from its SOAP form, text escaped', () => {
    const fault = new Fault('UnknownService', 'Unknown <service> & more', { origin: 'ServerProxy' });
    const read = readSoapFault(Buffer.from(renderSoap(fault, 'ref-1')));
    expect(read).toMatchObject({
      peerCode: 'server.serverproxy.unknown_service',
      message: fault.message,
      detail: 'ref-1',
      code: 'UnknownService',
    });
  });

  it('is relayed in the words of the peer, whatever happens to it on the way', () => {
    const relayed: Fault = new RelayedFault('Server.ServerProxy.Custom', 'text', 'ref');
    expect(relayed.wrappedIn('ServiceFailed').at('ClientProxy')).toBe(relayed);
    expect(spellCode(relayed)).toBe('Server.ServerProxy.Custom');
    expect(JSON.parse(renderRest(relayed, undefined, 'ours').body)).toMatchObject({
      type: 'Server.ServerProxy.Custom',
      detail: 'ref',
    });
  });

  it('cannot break out of a header', () => {
    expect(spellCode(new RelayedFault('a\r\nSet-Cookie: x', '', ''))).toBe('aSet-Cookie:x');
  });

  it('is not seen in other XML', () => {
    for (const xml of [
      '<a/>',
      'nonsense',
      '<Envelope><Body/></Envelope>',
      '<Envelope><Body><Fault/></Body></Envelope>',
    ]) {
      expect(readSoapFault(Buffer.from(xml))).toBeUndefined();
    }
  });
});
