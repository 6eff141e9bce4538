import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault, spellCode } from '../fault/index.ts';
import {
  charsetOf,
  checkSoapConsistent,
  composeEnvelope,
  insertRequestHash,
  parseEnvelope,
  parseSoapBody,
  readEnvelope,
  type SoapHeader,
  soapRequestHash,
} from './index.ts';

const vectors = new URL('../../../shared/vectors/soap/', import.meta.url);
const vector = (name: string) => readFileSync(new URL(name, vectors));

const header: SoapHeader = {
  client: {
    kind: 'SUBSYSTEM',
    instance: 'DEV',
    memberClass: 'COM',
    memberCode: '111',
    subsystemCode: 'Sub1',
  },
  service: {
    kind: 'SERVICE',
    instance: 'DEV',
    memberClass: 'COM',
    memberCode: '222',
    subsystemCode: 'Sub2',
    serviceCode: 'getPerson',
    serviceVersion: 'v1',
  },
  id: 'an id & more',
  userId: 'EE37702211234',
  issue: '<12>',
  representedParty: { partyClass: 'COM', partyCode: '77' },
  securityServer: {
    kind: 'SERVER',
    instance: 'DEV',
    memberClass: 'COM',
    memberCode: '222',
    serverCode: 'ss',
  },
  protocolVersion: '4.0',
};

const request = composeEnvelope(header, '<p:getPerson xmlns:p="urn:p"><name>Mäe</name></p:getPerson>');
const text = request.toString();

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof Fault) return spellCode(error);
    throw error;
  }
  return 'accepted';
}

const altered = (from: string | RegExp, to: string) => {
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  return codeOf(() => parseEnvelope(Buffer.from(changed)));
};

describe('an envelope', () => {
  it('says who calls what, with every field', () => {
    expect(parseEnvelope(request)).toEqual({ header, bodyName: 'getPerson' });
  });

  it('is read the same with a byte-order mark', () => {
    expect(parseEnvelope(Buffer.from(`\ufeff${text}`))).toEqual({ header, bodyName: 'getPerson' });
  });

  it('has its body read as a tree on demand', () => {
    expect(parseSoapBody(request)).toMatchObject({ localName: 'getPerson', namespace: 'urn:p' });
  });

  it.each([
    ['no envelope', /SOAP-ENV:Envelope/g, 'SOAP-ENV:Letter', 'invalid_soap'],
    [
      'SOAP 1.2',
      'http://schemas.xmlsoap.org/soap/envelope/',
      'http://www.w3.org/2003/05/soap-envelope',
      'invalid_soap',
    ],
    ['no header', /<SOAP-ENV:Header>.*<\/SOAP-ENV:Header>/, '', 'missing_header'],
    ['no body', /<SOAP-ENV:Body>.*<\/SOAP-ENV:Body>/, '', 'missing_body'],
    ['an empty body', /<SOAP-ENV:Body>.*<\/SOAP-ENV:Body>/, '<SOAP-ENV:Body/>', 'invalid_body'],
    ['two body elements', '</SOAP-ENV:Body>', '<getPerson/></SOAP-ENV:Body>', 'invalid_body'],
    [
      'two bodies',
      '</SOAP-ENV:Envelope>',
      '<SOAP-ENV:Body><getPerson/></SOAP-ENV:Body></SOAP-ENV:Envelope>',
      'invalid_soap',
    ],
    ['two headers', '<SOAP-ENV:Body>', '<SOAP-ENV:Header/><SOAP-ENV:Body>', 'invalid_soap'],
    ['no client', /<xr:client.*<\/xr:client>/, '', 'missing_header_field'],
    ['no service', /<xr:service .*<\/xr:service>/, '', 'missing_header_field'],
    ['no id', /<xr:id>.*<\/xr:id>/, '', 'missing_header_field'],
    ['no protocol version', /<xr:protocolVersion>.*<\/xr:protocolVersion>/, '', 'missing_header_field'],
    ['an id twice', /<xr:id>/, '<xr:id>other</xr:id><xr:id>', 'duplicate_header_field'],
    ['a client twice', /(<xr:client.*<\/xr:client>)/, '$1$1', 'duplicate_header_field'],
    ['protocol 3', '4.0', '3.1', 'invalid_protocol_version'],
    ['another operation', /p:getPerson/g, 'p:deletePerson', 'inconsistent_headers'],
    ['a client without kind', 'xr:client id:objectType="SUBSYSTEM"', 'xr:client', 'invalid_xml'],
    ['a kind of another namespace', 'xr:client id:objectType', 'xr:client objectType', 'invalid_xml'],
    [
      'a service as client',
      'xr:client id:objectType="SUBSYSTEM"',
      'xr:client id:objectType="SERVER"',
      'invalid_xml',
    ],
    ['a subsystem without code', '<id:subsystemCode>Sub1</id:subsystemCode>', '', 'invalid_xml'],
    ['a comment inside the id', 'an id', 'an<!-- not --> id', 'invalid_xml'],
    ['a comment inside an identifier', '<id:memberCode>111', '<id:memberCode>1<!---->11', 'invalid_xml'],
    [
      'a processing instruction inside an identifier',
      '<id:memberCode>111',
      '<id:memberCode>1<?x?>11',
      'invalid_xml',
    ],
    ['a document type', '<SOAP-ENV:Envelope', '<!DOCTYPE x><SOAP-ENV:Envelope', 'invalid_xml'],
    ['an entity', 'an id', '&xxe;', 'invalid_xml'],
    ['XML that breaks off', '</SOAP-ENV:Envelope>', '', 'invalid_xml'],
    ['broken XML inside the body', '<name>', '<name', 'invalid_xml'],
    ['an unbound prefix inside the body', '<name>', '<q:name/><name>', 'invalid_xml'],
  ])('with %s is refused', (_, from, to, code) => {
    expect(altered(from, to)).toBe(code);
  });

  it('does not take fields of another namespace or depth for its own', () => {
    const strange = text.replace(
      '<xr:id>',
      '<other><xr:id>deep</xr:id></other><id xmlns="urn:x">x</id><xr:id>',
    );
    expect(parseEnvelope(Buffer.from(strange)).header.id).toBe('an id & more');
  });

  it('raises nothing but faults for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: request.length - 1 }), (noise, at) => {
        const bytes = Buffer.concat([request.subarray(0, at), noise, request.subarray(at)]);
        codeOf(() => parseEnvelope(bytes));
      }),
      { numRuns: 300 },
    );
  });

  it('bombs with entities are refused before they grow', () => {
    const bomb = `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">${'bcdefgh'
      .split('')
      .map((name, at) => `<!ENTITY ${name} "${`&${'abcdefg'[at]};`.repeat(10)}">`)
      .join('')}]><l>&h;</l>`;
    expect(codeOf(() => parseEnvelope(Buffer.from(bomb)))).toBe('invalid_xml');
  });
});

describe('an envelope that may be large', () => {
  it('is understood as any other, and refused with the same codes', async () => {
    expect(await readEnvelope(request, 'utf-8')).toMatchObject({ header, bodyName: 'getPerson' });
    const broken = Buffer.from(text.replace('</SOAP-ENV:Envelope>', ''));
    await expect(readEnvelope(broken, 'utf-8')).rejects.toMatchObject({ code: 'InvalidXml' });
    await expect(readEnvelope(Buffer.from('<x/>'), 'utf-8')).rejects.toMatchObject({ code: 'InvalidSoap' });
  });

  it('lets others have their turns while it is read', async () => {
    const large = composeEnvelope(header, `<getPerson>${'<a/>'.repeat(400_000)}</getPerson>`);
    let turns = 0;
    let isRead = false;
    const count = () => {
      turns += 1;
      if (!isRead) setImmediate(count);
    };
    setImmediate(count);
    await readEnvelope(large, 'utf-8');
    isRead = true;
    expect(turns).toBeGreaterThan(5);
  });
});

describe('a charset', () => {
  it.each([
    ['text/xml', 'utf-8'],
    ['text/xml; charset=UTF-8', 'utf-8'],
    ['text/xml; charset="iso-8859-1"; x=y', 'iso-8859-1'],
  ])('of %s is %s', (type, charset) => {
    expect(charsetOf(type)).toBe(charset);
  });

  it('that hides markup from other readers is not read', () => {
    expect(codeOf(() => parseEnvelope(Buffer.from(text, 'utf16le'), 'utf-16'))).toBe('invalid_content_type');
    expect(codeOf(() => parseEnvelope(request, 'utf-7'))).toBe('invalid_content_type');
  });

  it('other than UTF-8 may not change what a header says', () => {
    const inBody = Buffer.from(text, 'latin1');
    expect(parseEnvelope(inBody, 'iso-8859-1').header).toEqual(header);
    const inHeader = Buffer.from(text.replace('an id', 'õ'), 'latin1');
    expect(codeOf(() => parseEnvelope(inHeader, 'iso-8859-1'))).toBe('invalid_xml');
    expect(codeOf(() => parseEnvelope(inHeader))).toBe('invalid_xml');
  });
});

describe('a response', () => {
  const hash = soapRequestHash(request);
  const answer = composeEnvelope(header, '<p:getPersonResponse xmlns:p="urn:p"/>').toString();
  const respond = (envelope: string, charset = 'utf-8') =>
    insertRequestHash(Buffer.from(envelope, charset === 'utf-8' ? 'utf8' : 'latin1'), charset, hash);

  it('gets the hash of its request behind its id, and stays as it was otherwise', async () => {
    const { bytes, header: read } = await respond(answer);
    const tag = `<xr:requestHash algorithmId="http://www.w3.org/2001/04/xmlenc#sha512">${hash}</xr:requestHash>`;
    expect(bytes.toString()).toBe(answer.replace('</xr:id>', `</xr:id>${tag}`));
    expect(parseEnvelope(bytes).header).toEqual({ ...header, requestHash: hash });
    expect(read).toEqual({ ...header, requestHash: hash });
  });

  it('keeps the layout, the prefix and the attributes of its id', async () => {
    const laidOut = answer
      .replaceAll('xr:', 'q:')
      .replace('xmlns:xr=', 'xmlns:q=')
      .replace('<q:id>', '\n    <q:id SOAP-ENV:mustUnderstand="1">');
    const { bytes } = await respond(laidOut);
    expect(bytes.toString()).toContain(
      '</q:id>\n    <q:requestHash SOAP-ENV:mustUnderstand="1" algorithmId="http://www.w3.org/2001/04/xmlenc#sha512">',
    );
  });

  it('has a hash of its own replaced', async () => {
    const stale = answer.replace(
      '<xr:id>',
      '\n<xr:requestHash algorithmId="x">stale</xr:requestHash>\n<xr:id>',
    );
    const { bytes } = await respond(stale);
    expect(bytes.toString()).not.toContain('stale');
    expect(bytes.toString().match(/requestHash/g)).toHaveLength(2);
    expect(parseEnvelope(bytes).header.requestHash).toBe(hash);
  });

  it('leaves in UTF-8 whatever charset and mark it came in', async () => {
    const named = answer
      .replace('UTF-8', 'ISO-8859-1')
      .replace('<p:getPersonResponse', '<!--õ--><p:getPersonResponse');
    const { bytes } = await respond(named, 'iso-8859-1');
    expect(bytes.toString()).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<SOAP-ENV:Envelope/);
    expect(bytes.toString()).toContain('<!--õ-->');
    expect((await respond(`\ufeff${answer}`)).bytes.toString().charCodeAt(0)).toBe('<'.charCodeAt(0));
  });

  it('with an empty id element written in one tag is refused', async () => {
    await expect(respond(answer.replace(/<xr:id>.*<\/xr:id>/, '<xr:id/>'))).rejects.toMatchObject({
      code: 'MissingHeaderField',
    });
  });

  it('answers its request only when every field agrees', () => {
    const response = { ...header, requestHash: hash };
    expect(codeOf(() => checkSoapConsistent(header, response, hash))).toBe('accepted');
    const others: readonly [Partial<SoapHeader>, string][] = [
      [{ id: 'other' }, 'service_failed.inconsistent_response'],
      [{ userId: 'other' }, 'service_failed.inconsistent_response'],
      [{ issue: 'other' }, 'service_failed.inconsistent_response'],
      [{ representedParty: { partyCode: '77' } }, 'service_failed.inconsistent_response'],
      [{ service: { ...header.service, serviceVersion: 'v2' } }, 'service_failed.inconsistent_response'],
      [
        { client: { kind: 'MEMBER', instance: 'DEV', memberClass: 'COM', memberCode: '111' } },
        'service_failed.inconsistent_response',
      ],
      [{ requestHash: 'b3RoZXI=' }, 'inconsistent_response'],
    ];
    for (const [change, code] of others) {
      expect(codeOf(() => checkSoapConsistent(header, { ...response, ...change }, hash))).toBe(code);
    }
    const { requestHash: _, ...without } = response;
    expect(codeOf(() => checkSoapConsistent(header, without, hash))).toBe('inconsistent_response');
  });
});

describe.skipIf(!existsSync(vectors))('bodies recorded from X-Road (needs ../shared/vectors)', () => {
  /** The envelope of a recorded multipart body: what stands between its first part's headers and boundary. */
  const firstPart = (name: string) => {
    const recorded = vector(name).toString('utf8');
    return Buffer.from(/--[^\n]*\n(?:[^\r\n]+\r?\n)*\r?\n([\s\S]*?)\r?\n--/.exec(recorded)?.[1] ?? '');
  };

  it.each([
    'simple.query',
    'simple.answer',
    'getstate.query',
    'getstate.answer',
    'cdata.query',
    'requesthash.answer',
  ])('%s is read', (name) => {
    expect(parseEnvelope(vector(name)).header.protocolVersion).toBe('4.0');
  });

  it.each(['attachm.query', 'attachm-mtom.query', 'attachm-mtom.answer'])(
    'the envelope of %s is read',
    (name) => {
      expect(parseEnvelope(firstPart(name)).header.client.memberCode).toBe('consumer');
    },
  );

  it.each([
    ['faulty-header.query', 'missing_header_field'],
    ['malformed-body1.query', 'invalid_body'],
    ['missing-body.query', 'missing_body'],
    ['missingobjecttype.query', 'invalid_xml'],
    ['no-header.query', 'missing_header'],
    ['wrong-protocolVersion.query', 'invalid_protocol_version'],
  ])('%s is refused with %s', (name, code) => {
    expect(codeOf(() => parseEnvelope(vector(name)))).toBe(code);
  });

  it('an answer in ISO-8859-1 is answered in UTF-8', async () => {
    const answer = vector('getstate-iso88591.answer');
    const { bytes } = await insertRequestHash(answer, 'iso-8859-1', 'aGFzaA==');
    expect(parseEnvelope(bytes).header.requestHash).toBe('aGFzaA==');
    expect(codeOf(() => parseEnvelope(Buffer.from(bytes)))).toBe('accepted');
  });

  it('an answer with a request hash of its own gets ours', async () => {
    const { bytes } = await insertRequestHash(vector('requesthash.answer'), 'utf-8', 'b3Vycw==');
    expect(bytes.toString()).toContain('>b3Vycw==<');
    expect(bytes.toString()).not.toContain('>foo<');
  });
});
