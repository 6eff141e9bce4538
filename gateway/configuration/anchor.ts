import { createHash } from 'node:crypto';
import { childrenNamed, type XmlElement } from '../xml/index.ts';
import type { Anchor } from './model.ts';
import {
  group,
  malformed,
  optionalText,
  readBase64,
  readDocument,
  requiredText,
  tag,
  xroadNamespace,
} from './xml-fields.ts';

/**
 * The file that says where an instance's configuration is and who signs it.
 * @throws Fault MalformedGlobalConf
 */
export function parseAnchor(xml: Uint8Array): Anchor {
  return readDocument(xml, { name: 'configurationAnchor', what: 'the configuration anchor' }, readAnchor);
}

/** Also stands inside private parameters, for instances of a federation. */
export function readAnchor(element: XmlElement): Anchor {
  const generatedText = optionalText(element, 'generatedAt');
  const generatedAt = generatedText === undefined ? undefined : new Date(generatedText);
  if (Number.isNaN(generatedAt?.getTime())) throw malformed(`<generatedAt> is '${generatedText}'`);
  const sources = childrenNamed(element, 'source').map((source) => {
    const verificationCerts = childrenNamed(source, 'verificationCert').map(readBase64);
    if (verificationCerts.length === 0)
      throw malformed('a source of the anchor has no verification certificate');
    return { url: requiredText(source, 'downloadURL'), verificationCerts };
  });
  if (sources.length === 0) throw malformed('the anchor names no source');
  return {
    instance: requiredText(element, 'instanceIdentifier'),
    ...(generatedAt !== undefined && { generatedAt }),
    sources,
  };
}

/** SHA-224 of an anchor file as people compare it before they trust the file: upper-case hex with colons. */
export function anchorFingerprint(file: Uint8Array): string {
  const hex = createHash('sha224').update(file).digest('hex').toUpperCase();
  return hex.replace(/(..)(?!$)/g, '$1:');
}

export function writeAnchor(anchor: Anchor): Buffer {
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n` +
      `<ns2:configurationAnchor xmlns:ns2="${xroadNamespace}">${anchorFields(anchor)}</ns2:configurationAnchor>\n`,
  );
}

export function anchorFields({ generatedAt, instance, sources }: Anchor): string {
  return [
    generatedAt === undefined ? '' : tag('generatedAt', generatedAt.toISOString()),
    tag('instanceIdentifier', instance),
    ...sources.map(({ url, verificationCerts }) =>
      group(
        'source',
        tag('downloadURL', url),
        ...verificationCerts.map((der) => tag('verificationCert', der.toString('base64'))),
      ),
    ),
  ].join('');
}
