import fc from 'fast-check';
import { XmlElement as WasmElement, XmlC14NMode, XmlDocument } from 'libxml2-wasm';
import { describe, expect, it } from 'vitest';
import {
  attribute,
  attributeNs,
  canonicalize,
  child,
  childrenNamed,
  descendants,
  elements,
  escapeAttribute,
  escapeText,
  parseXml,
  parseXmlInTurns,
  textOf,
  XmlError,
} from './index.ts';

describe('reading XML in turns', () => {
  it.each([0, 1, 2, 3, 4, 5, 6])(
    'sees the same tree and places, wherever a piece ends (%i)',
    async (shift) => {
      const unit = '<e a="&lt;😀">\r\n&amp;😀<!-- c --><![CDATA[]] >]]></e>';
      const document = `<r>${'x'.repeat(shift)}${unit.repeat(6000)}</r>`;
      const places = (root: ReturnType<typeof parseXml>) =>
        elements(root).map(({ start, end }) => [start, end]);
      const [whole, pieces] = [parseXml(document), await parseXmlInTurns(document)];
      expect(canonicalize(pieces).equals(canonicalize(whole))).toBe(true);
      expect(places(pieces)).toEqual(places(whole));
      expect(places(whole).slice(0, 2)).toEqual([
        [3 + shift, 3 + shift + unit.length],
        [3 + shift + unit.length, 3 + shift + 2 * unit.length],
      ]);
    },
  );
});

describe('reading XML', () => {
  it('resolves namespaces, attributes and text', () => {
    const root = parseXml(
      '<a:r xmlns:a="urn:a" xmlns="urn:d" a:k="1" k="2"><b>x&amp;<![CDATA[<y>]]>&#13;</b><b/></a:r>',
    );
    expect([root.namespace, root.localName, root.name]).toEqual(['urn:a', 'r', 'a:r']);
    expect(attributeNs(root, 'k', 'urn:a')).toBe('1');
    expect(attribute(root, 'k')).toBe('2');
    expect(childrenNamed(root, 'b', 'urn:d')).toHaveLength(2);
    expect(child(root, 'b', 'urn:other')).toBeUndefined();
    expect(elements(root).map(textOf)).toEqual(['x&<y>\r', '']);
    expect([...descendants(root)]).toHaveLength(3);
    expect(() => textOf(root)).toThrow(XmlError);
  });

  it.each([
    ['nothing', ''],
    ['text alone', 'x'],
    ['a document type', '<!DOCTYPE r><r/>'],
    ['entity expansion', '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><r>&b;</r>'],
    ['an external entity', '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><r>&x;</r>'],
    ['an undeclared entity', '<r>&nbsp;</r>'],
    ['two roots', '<r/><r/>'],
    ['an unclosed element', '<r><a></r>'],
    ['an attribute twice', '<r a="1" a="2"/>'],
    ['an attribute twice by namespace', '<r xmlns:a="urn:x" xmlns:b="urn:x" a:k="1" b:k="2"/>'],
    ['an unbound prefix', '<a:r/>'],
    ['an unbound attribute prefix', '<r a:k="1"/>'],
    ['an unbound-again prefix', '<r xmlns:a=""/>'],
    ['a rebound xml prefix', '<r xmlns:xml="urn:x"/>'],
    ['a name of three parts', '<a:b:c xmlns:a="urn:x"/>'],
    ['NUL', '<r>\u0000</r>'],
    ['an encoding that is not UTF-8', Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><r/>')],
    ['bytes that are not UTF-8', Buffer.from([0x3c, 0x72, 0x3e, 0xff, 0x3c, 0x2f, 0x72, 0x3e])],
    ['129 levels', '<r>'.repeat(129) + '</r>'.repeat(129)],
  ])('refuses %s', (_what, document) => {
    expect(() => parseXml(document)).toThrow(XmlError);
  });

  it('refuses 100,000 levels without labouring over them', () => {
    expect(() => parseXml('<r>'.repeat(100_000))).toThrow(XmlError);
  });

  it('reads many declarations, with more on every element, in time that grows with them', () => {
    const declared = (count: number) => {
      const many = Array.from({ length: count }, (_, index) => `xmlns:p${index}="u:${index}"`);
      return `<a ${many.join(' ')}>${'<p7:b xmlns:q="u"/>'.repeat(count)}</a>`;
    };
    const startedAt = performance.now();
    const root = parseXml(declared(20_000));
    expect(elements(root).every(({ namespace }) => namespace === 'u:7')).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('makes canonical what has many declarations, with more on every element, in time that grows with it', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => ` xmlns:p${index}="u:${index}"`).join('');
    const one = '<b xmlns:q="u" xmlns:p7="u:7"><q:c></q:c></b>';
    const canonical = canonicalize(parseXml(`<a${many}>${one.repeat(20_000)}</a>`)).toString();
    // What is declared around it already is not declared again.
    expect(canonical.endsWith(`${'<b xmlns:q="u"><q:c></q:c></b>'.repeat(20_000)}</a>`)).toBe(true);
  });

  it('refuses XML 1.1, which has other line ends and no canonical form', () => {
    expect(() => parseXml('<?xml version="1.1"?><a/>')).toThrow(XmlError);
    expect(parseXml('<?xml version="1.0"?><a/>').name).toBe('a');
  });

  it('refuses a document above its limit before reading it', () => {
    expect(() => parseXml(`<r>${'x'.repeat(1000)}</r>`, { maxBytes: 1000 })).toThrow(XmlError);
  });

  it('raises nothing but an XmlError on random documents', () => {
    const pieces = fc.constantFrom(
      '<',
      '>',
      '/',
      'a',
      ' ',
      '"',
      '=',
      'xmlns',
      ':',
      '&',
      ';',
      '<!',
      '--',
      '[',
      ']',
      '?',
      '\u0000',
      'é',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.array(pieces).map((all) => `<a>${all.join('')}</a>`),
        ),
        (document) => {
          try {
            parseXml(document);
          } catch (error) {
            expect(error).toBeInstanceOf(XmlError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

/** Documents with nested and repeated namespace declarations, sorted-attribute traps and characters to escape. */
const randomDocument: fc.Arbitrary<string> = fc.letrec<{ element: string }>((tie) => ({
  element: fc
    .record({
      prefix: fc.constantFrom('', 'a', 'b'),
      name: fc.constantFrom('r', 'x', 'Y'),
      declarations: fc.uniqueArray(
        fc.tuple(fc.constantFrom('', 'a', 'b', 'c'), fc.constantFrom('urn:1', 'urn:2', 'urn:0')),
        { selector: ([prefix]) => prefix, maxLength: 3 },
      ),
      attributes: fc.uniqueArray(
        fc.tuple(
          fc.constantFrom('k', 'a:k', 'b:m', 'z', 'xml:lang', 'é'),
          fc.string({ unit: fc.constantFrom('&', '<', '"', '\t', '\n', '\r', ' ', 'ä', '>') }),
        ),
        { selector: ([name]) => name, maxLength: 4 },
      ),
      content: fc.array(
        fc.oneof(
          { depthSize: 'small', maxDepth: 4 },
          fc.constantFrom('t', '&#13;', '\n', '&gt;', 'ö'),
          tie('element'),
        ),
        { maxLength: 4 },
      ),
    })
    .map(({ prefix, name, declarations, attributes, content }) => {
      const full = prefix === '' ? name : `${prefix}:${name}`;
      const declared = declarations.map(([p, ns]) => ` xmlns${p === '' ? '' : `:${p}`}="${ns}"`).join('');
      const written = attributes.map(([n, value]) => ` ${n}="${escapeAttribute(value)}"`).join('');
      return `<${full}${declared}${written}>${content.join('')}</${full}>`;
    }),
})).element;

describe('canonical XML', () => {
  it.each([
    ['inclusive', XmlC14NMode.XML_C14N_1_0, false],
    ['exclusive', XmlC14NMode.XML_C14N_EXCLUSIVE_1_0, true],
  ] as const)(
    'in %s form is what libxml2 makes of every document and of a part of it',
    (_name, mode, exclusive) => {
      fc.assert(
        fc.property(randomDocument, (inner) => {
          const document = `<o xmlns:a="urn:1" xmlns:b="urn:2" xmlns="urn:3" xml:lang="fi">${inner}</o>`;
          const root = (() => {
            try {
              return parseXml(document);
            } catch {
              return undefined;
            }
          })();
          // Two prefixes of one namespace on one element may clash; such documents are not XML.
          fc.pre(root !== undefined);
          using oracle = XmlDocument.fromString(document);
          expect(canonicalize(root, { exclusive }).toString()).toBe(oracle.canonicalizeToString({ mode }));
          const part = elements(root)[0];
          const oraclePart = oracle.root.firstChild;
          if (part === undefined || !(oraclePart instanceof WasmElement)) return;
          expect(canonicalize(part, { exclusive }).toString()).toBe(
            oraclePart.canonicalizeToString({ mode }),
          );
        }),
        { numRuns: 300 },
      );
    },
  );

  it('writes a carriage return as a reference, in text and attributes', () => {
    expect(canonicalize(parseXml('<r k="&#13;">a&#13;\nb</r>')).toString()).toBe(
      '<r k="&#xD;">a&#xD;\nb</r>',
    );
  });

  it('of text and attributes parses to the same text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('&', '<', '>', '"', "'", '\t', '\n', '\r', 'ä', '€', '😀') }),
        (text) => {
          const root = parseXml(`<r k="${escapeAttribute(text)}">${escapeText(text)}</r>`);
          expect(attribute(root, 'k')).toBe(text);
          expect(textOf(root)).toBe(text);
        },
      ),
    );
  });
});
