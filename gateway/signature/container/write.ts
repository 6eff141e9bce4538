import { digestOf } from '../../../certs/key/index.ts';
import { escapeAttribute } from '../../xml/index.ts';
import { dsNamespace } from '../names.ts';
import type { SignatureDocuments } from '../sign.ts';
import { containerType, entryNames, manifestNamespace, timestampManifestNamespace } from './entries.ts';
import { writeZip, type ZipEntry } from './zip-write.ts';

/** A timestamp that several messages share. */
export interface BatchTimestamp {
  readonly hashChainResult: Uint8Array;
  /** From this message's signature document to the result. */
  readonly hashChain: Uint8Array;
  /** DER TimeStampToken over the result. */
  readonly token: Uint8Array;
}

export interface ContainerToWrite {
  /** Bytes of `/message.xml`; absent when only its digest was kept, and then X-Road's readers refuse the container. */
  readonly head?: Uint8Array;
  /** Bytes of `/attachment1` and so on, in order; undefined for one of which only the digest was kept. */
  readonly attachments: readonly (Uint8Array | undefined)[];
  readonly documents: SignatureDocuments;
  /** Absent when the signature document has its own timestamp. */
  readonly timestamp?: BatchTimestamp;
  /** Time of the entries. */
  readonly at?: Date;
}

/**
 * Writes a message with all that proves it as an ASiC-E container. Like those of X-Road, and unlike the standard,
 * it has its `mimetype` compressed.
 * @see ETSI TS 102 918 §6.2
 */
export function writeContainer({ head, attachments, documents, timestamp, at }: ContainerToWrite): Buffer {
  const { signature, hashChainResult, hashChain } = documents;
  const entries: ZipEntry[] = [{ name: entryNames.mimetype, data: Buffer.from(containerType) }];
  const add = (name: string, data: Uint8Array | undefined) => {
    if (data !== undefined) entries.push({ name, data });
  };
  add(entryNames.message, head);
  add(entryNames.signatures, signature);
  add(entryNames.hashChainResult, hashChainResult);
  add(entryNames.hashChain, hashChain);
  add(entryNames.timestampHashChainResult, timestamp?.hashChainResult);
  add(entryNames.timestampHashChain, timestamp?.hashChain);
  const bodies = attachments.flatMap((data, index) =>
    data === undefined ? [] : [{ name: `attachment${index + 1}`, data }],
  );
  const listed = [...entries, ...bodies]
    .map(({ name }) => name)
    .filter((name) => name !== entryNames.mimetype);
  add(entryNames.manifest, writeManifest(listed));
  if (timestamp !== undefined) {
    add(entryNames.timestampManifest, writeTimestampManifest(timestamp));
    add(entryNames.timestamp, timestamp.token);
  }
  return writeZip([...entries, ...bodies], { comment: `mimetype=${containerType}`, ...(at && { at }) });
}

/** @see OpenDocument 1.2 part 3 §3.2 */
function writeManifest(names: readonly string[]): Buffer {
  const entry = (path: string, type: string) =>
    `    <manifest:file-entry manifest:media-type="${type}" manifest:full-path="${escapeAttribute(path)}"/>\n`;
  const files = names
    .filter((name) => !name.startsWith('META-INF/'))
    .map((name) => entry(name, name.startsWith('attachment') ? 'application/octet-stream' : 'text/xml'));
  return Buffer.from(
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
      `<manifest:manifest xmlns:manifest="${manifestNamespace}" manifest:version="1.2">\n` +
      `${entry('/', containerType)}${files.join('')}</manifest:manifest>\n`,
  );
}

function writeTimestampManifest({ hashChainResult }: BatchTimestamp): Buffer {
  const digest = digestOf('sha512', hashChainResult).toString('base64');
  return Buffer.from(
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
      `<asic:ASiCManifest xmlns:asic="${timestampManifestNamespace}" xmlns:ds="${dsNamespace}">\n` +
      `    <asic:SigReference URI="${entryNames.timestamp}" MimeType="vnd.etsi.timestamp-token"/>\n` +
      `    <asic:DataObjectReference URI="${entryNames.timestampHashChainResult}" MimeType="text/xml">\n` +
      '        <ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha512"/>\n' +
      `        <ds:DigestValue>${digest}</ds:DigestValue>\n` +
      '    </asic:DataObjectReference>\n</asic:ASiCManifest>\n',
  );
}
