import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WsdlError } from './error.ts';
import { loadWsdl } from './load.ts';
import { readServices } from './read.ts';
import { hideAddresses } from './rewrite.ts';

const soap = 'http://schemas.xmlsoap.org/wsdl/soap/';
const http = 'http://schemas.xmlsoap.org/soap/http';
const wrap = (content: string, declarations = '') =>
  `<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="${soap}" xmlns:tns="urn:t"
    xmlns:xr="http://x-road.eu/xsd/xroad.xsd" targetNamespace="urn:t" ${declarations}>${content}</wsdl:definitions>`;
const operation = (name: string, version?: string, body = '<soap:body use="literal"/>') =>
  `<wsdl:operation name="${name}"><soap:operation soapAction=""/>${
    version === undefined ? '' : `<xr:version>${version}</xr:version>`
  }<wsdl:input>${body}</wsdl:input><wsdl:output>${body}</wsdl:output></wsdl:operation>`;
const binding = (operations: string, name = 'B', attributes = `transport="${http}"`) =>
  `<wsdl:binding name="${name}" type="tns:P"><soap:binding ${attributes}/>${operations}</wsdl:binding>`;
const port = (address = 'http://10.0.0.1/s', name = 'tns:B') =>
  `<wsdl:port name="p" binding="${name}"><soap:address location="${address}"/></wsdl:port>`;
const service = (...ports: string[]) => `<wsdl:service name="S">${ports.join('')}</wsdl:service>`;

const read = async (text: string) =>
  readServices(await loadWsdl({ kind: 'bytes', bytes: Buffer.from(text) }));
const outcome = async (text: string) => {
  try {
    await read(text);
    return 'taken';
  } catch (error) {
    if (error instanceof WsdlError) return error.code;
    throw error;
  }
};

describe('the services of a WSDL', () => {
  it.each([
    ['nothing', '', 'no-soap-binding'],
    ['no port', binding(operation('a')), 'no-soap-binding'],
    ['no operation', binding('') + service(port()), 'no-soap-binding'],
    [
      'a SOAP 1.2 binding alone',
      (binding(operation('a')) + service(port())).replaceAll('soap:', 'wsdl:'),
      'no-soap-binding',
    ],
    [
      'a binding to another transport',
      binding(operation('a'), 'B', 'transport="urn:smtp"') + service(port()),
      'no-soap-binding',
    ],
    ['a port of no binding', binding(operation('a')) + service(port(undefined, 'tns:C')), 'no-soap-binding'],
    [
      'a port of an unbound prefix',
      binding(operation('a')) + service(port(undefined, 'x:B')),
      'no-soap-binding',
    ],
    ['an operation twice', binding(operation('a') + operation('a')) + service(port()), 'duplicate-operation'],
    [
      'a version twice',
      binding(operation('a', 'v1') + operation('a', 'v1')) + service(port()),
      'duplicate-operation',
    ],
    [
      'one binding at two ports',
      binding(operation('a')) + service(port(), port('https://h/')),
      'duplicate-operation',
    ],
    ['a binding twice', binding(operation('a')) + binding(operation('b')) + service(port()), 'not-a-wsdl'],
    [
      'encoded bodies',
      binding(operation('a', undefined, '<soap:body use="encoded"/>')) + service(port()),
      'unusable-style',
    ],
    [
      'encoded bodies beside attachments',
      binding(operation('a', undefined, '<m:part xmlns:m="urn:m"><soap:body use="encoded"/></m:part>')) +
        service(port()),
      'unusable-style',
    ],
    [
      'an unknown style',
      binding(operation('a'), 'B', `transport="${http}" style="x"`) + service(port()),
      'unusable-style',
    ],
    ['no name', binding(operation('')) + service(port()), 'invalid-service'],
    ['a name that is a path', binding(operation('a/b')) + service(port()), 'invalid-service'],
    ['a version that is a path', binding(operation('a', 'v1/..')) + service(port()), 'invalid-service'],
    ['a long name', binding(operation('a'.repeat(256))) + service(port()), 'invalid-service'],
    [
      'two versions',
      binding(operation('a', 'v1</xr:version><xr:version>v1')) + service(port()),
      'invalid-service',
    ],
    ['a version in pieces', binding(operation('a', 'v<!-- -->1')) + service(port()), 'not-a-wsdl'],
    ['no address', binding(operation('a')) + service(port('')), 'invalid-address'],
    ['a relative address', binding(operation('a')) + service(port('/s')), 'invalid-address'],
    ['a file for an address', binding(operation('a')) + service(port('file:///s')), 'invalid-address'],
    [
      'a password in its address',
      binding(operation('a')) + service(port('http://u:p@h/')),
      'invalid-address',
    ],
  ])('with %s is refused', async (_what, content, code) => {
    expect(await outcome(wrap(content))).toBe(code);
  });

  it('are its SOAP 1.1 operations, each version for itself, with address and title', async () => {
    const portType = `<wsdl:portType name="P"><wsdl:operation name="get_person"><wsdl:documentation>x
      <xr:title> Person </xr:title></wsdl:documentation></wsdl:operation></wsdl:portType>`;
    const operations =
      operation('get_person', ' v1 ') + operation('get_person', 'v2') + operation('plain', undefined, '');
    const other = binding(operation('other'), 'C', `transport="${http}" style="rpc"`);
    const http12 = `<wsdl:binding name="D" type="tns:P"><s12:binding xmlns:s12="urn:soap12" transport="${http}"/>${operation('plain')}</wsdl:binding>`;
    const ports =
      service(port()) + service(port('https://h/other?a=b', 'tns:C'), port('http://h/12', 'tns:D'));
    expect(await read(wrap(portType + binding(operations) + other + http12 + ports))).toEqual([
      { serviceCode: 'get_person', serviceVersion: 'v1', url: 'http://10.0.0.1/s', title: 'Person' },
      { serviceCode: 'get_person', serviceVersion: 'v2', url: 'http://10.0.0.1/s', title: 'Person' },
      { serviceCode: 'plain', url: 'http://10.0.0.1/s' },
      { serviceCode: 'other', url: 'https://h/other?a=b' },
    ]);
  });

  it('have the version that stands there in whatever namespace, if that is not WSDL’s own', async () => {
    const text = wrap(
      binding(operation('a', 'v1') + operation('b', 'v1')) + service(port()),
      'xmlns:o="urn:o"',
    );
    const changed = text
      .replace('<xr:version>v1</xr:version>', '<o:version>v7</o:version>')
      .replace('<xr:version>v1</xr:version>', '<wsdl:version>v1</wsdl:version>');
    expect((await read(changed)).map(({ serviceVersion }) => serviceVersion)).toEqual(['v7', undefined]);
  });

  it('never come out of random bytes with anything but a refusal', async () => {
    const whole = wrap(binding(operation('a', 'v1')) + service(port()));
    const mutated = fc
      .tuple(fc.nat(whole.length - 1), fc.string({ maxLength: 3 }))
      .map(([at, inserted]) => whole.slice(0, at) + inserted + whole.slice(at + 1));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), mutated), async (text) => {
        expect(typeof (await outcome(text))).toBe('string');
      }),
    );
  });
});

describe('addresses in a WSDL given to strangers', () => {
  const road = 'http://example.org/xroad-endpoint';

  it('stand for the road, every other octet staying', () => {
    const address = (attributes: string) => `<soap:address ${attributes}/>`;
    const content = (first: string, second: string, third: string) =>
      `<!-- <soap:address location="http://kept"/> -->\r\n<![CDATA[<soap:address location="http://kept"/>]]>
      ${service(`<wsdl:port name='ä€😀' binding="tns:B">${address(`x=' location="no" '\n\tlocation = ${first} y="z"`)}</wsdl:port>`)}
      ${service(`<wsdl:port name="q" binding="tns:B"><a:address xmlns:a='http://schemas.xmlsoap.org/wsdl/soap12/' location=${second} ></a:address></wsdl:port>`)}
      ${service(`<wsdl:port name="r" binding="tns:B">${address(`location=${third}`)}</wsdl:port>`)}
      <soap:address location="http://not-in-a-port"/><tail>&#xe4;&amp;ä</tail>\n`;
    const before = `\ufeff<?xml version="1.0"?>\n${wrap(content('"http://10.0.0.1/a&amp;b"', "'http://10.0.0.2/\"'", '""'))}\n`;
    const after = `\ufeff<?xml version="1.0"?>\n${wrap(content(`"${road}"`, `'${road}'`, `"${road}"`))}\n`;
    expect(hideAddresses(Buffer.from(before)).toString()).toBe(after);
  });

  it('stand for the road in other charsets too', () => {
    const text = (address: string) =>
      `<?xml version='1.0' encoding='ISO-8859-1'?>${wrap(`<a>\u0080äöü</a>${service(port(address))}<a>ÿ</a>`)}`;
    expect(hideAddresses(Buffer.from(text('http://10.0.0.1/ä'), 'latin1'))).toEqual(
      Buffer.from(text(road), 'latin1'),
    );
  });

  it('are found in time that grows with the document', () => {
    const many = wrap(service(...Array.from({ length: 20_000 }, () => port())));
    expect(hideAddresses(Buffer.from(many)).toString()).not.toContain('10.0.0.1');
  });
});
