import { describe, expect, it } from 'vitest';
import { outlineWsdl } from './index.ts';

const wsdl = (inner: string) =>
  Buffer.from(
    `<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:x="urn:x" xmlns:t="urn:t" targetNamespace="urn:t">${inner}</w:definitions>`,
  );
const portType = (documentation: string, input = '<w:input message="t:m"/>') =>
  `<w:portType name="p"><w:operation name="a">${documentation}${input}</w:operation></w:portType>`;

describe('what a WSDL tells callers', () => {
  it('is a title, notes and the element of a request', () => {
    const documentation =
      '<w:documentation><x:title> T </x:title><x:notes>N\u202e</x:notes></w:documentation>';
    const message = '<w:message name="m"><w:part name="body" element="x:request"/></w:message>';
    expect(outlineWsdl(wsdl(message + portType(documentation)), 'a')).toEqual({
      ...{ title: 'T', description: 'N', element: { namespace: 'urn:x', localName: 'request' } },
    });
  });

  it.each([
    ['an operation that it has not', portType(''), 'b'],
    ['a message that it imports', portType(''), 'a'],
    [
      'markup in place of a title',
      portType('<w:documentation><x:title><x:b/></x:title></w:documentation>'),
      'a',
    ],
    [
      'an element whose name is none',
      `<w:message name="m"><w:part element="x:1 /&gt;"/></w:message>${portType('')}`,
      'a',
    ],
  ])('is nothing for %s', (_what, inner, operation) => {
    expect(outlineWsdl(wsdl(inner), operation)).toEqual({ title: '' });
  });

  it.each(['<a/>', '<!DOCTYPE a><a/>', ''])('%j is refused', (text) => {
    expect(() => outlineWsdl(Buffer.from(text), 'a')).toThrow(expect.objectContaining({ name: 'WsdlError' }));
  });
});
