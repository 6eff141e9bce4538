import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateKeyPair, softwareSigningKey } from '../../certs/key/index.ts';
import { buildName, createCertificate } from '../../certs/x509/index.ts';
import { type Listening, listen } from '../../gateway/http/index.ts';
import { WsdlError } from './error.ts';
import { loadWsdl } from './load.ts';

async function selfSigned() {
  const { privateKey, publicKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
  const subject = buildName({ CN: 'services' });
  const { der, pem } = await createCertificate(
    {
      subject,
      issuer: subject,
      publicKey,
      serialNumber: 1n,
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + 3_600_000),
      keyUsage: ['digitalSignature'],
      subjectAltNames: ['127.0.0.1'],
    },
    softwareSigningKey(privateKey),
  );
  return { der, cert: pem, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
}

const definitions = (content: string) =>
  `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:t">${content}</definitions>`;
const importing = (...locations: string[]) =>
  definitions(locations.map((location) => `<import namespace="urn:t" location="${location}"/>`).join(''));

/** Of every POSIX system; the runtime itself makes none. */
const makePipe = 'mkfifo';

/** Code of the refusal; 'taken' when there was none. */
async function outcome(loading: Promise<unknown>): Promise<string> {
  try {
    await loading;
    return 'taken';
  } catch (error) {
    if (error instanceof WsdlError) return error.code;
    throw error;
  }
}

describe('a WSDL from the web', () => {
  let listening: Listening;
  let handler: RequestListener;
  let asked: string[];
  let base: string;
  beforeEach(async () => {
    asked = [];
    const server = createServer((incoming, outgoing) => {
      asked.push(incoming.url ?? '');
      handler(incoming, outgoing);
    });
    listening = await listen(server, '127.0.0.1', 0, 'none');
    base = `http://127.0.0.1:${listening.port}`;
  });
  afterEach(() => listening.close(0));

  const serve = (documents: Readonly<Record<string, string | Buffer>>) => {
    handler = (incoming, outgoing) => {
      const document = documents[incoming.url ?? ''];
      outgoing.writeHead(document === undefined ? 404 : 200).end(document);
    };
  };
  const load = (path: string) => loadWsdl({ kind: 'url', url: `${base}${path}`, certificates: [] });

  it.each([
    ['file:///etc/hostname'],
    ['FILE:/etc/hostname'],
    ['file://localhost/etc/hostname'],
    ['data:text/xml,x'],
    ['ftp://127.0.0.1/x'],
    ['http://['],
  ])('may not import %s', async (location) => {
    serve({ '/a': importing(location) });
    expect(await outcome(load('/a'))).toBe('forbidden-location');
  });

  it('never takes a path of this machine for a location', async () => {
    serve({ '/d/a': importing('/etc/hostname', '../../../../etc/hostname') });
    expect(await outcome(load('/d/a'))).toBe('unreachable');
    expect(asked).toEqual(['/d/a', '/etc/hostname']);
  });

  it('may not be a file named by an address', async () => {
    expect(await outcome(loadWsdl({ kind: 'url', url: 'file:///etc/hostname', certificates: [] }))).toBe(
      'forbidden-location',
    );
    expect(await outcome(loadWsdl({ kind: 'url', url: '/etc/hostname', certificates: [] }))).toBe(
      'forbidden-location',
    );
  });

  it.each([['https://127.0.0.1:1/x'], ['file:///etc/hostname']])(
    'may not redirect to %s',
    async (location) => {
      handler = (_incoming, outgoing) => outgoing.writeHead(302, { location }).end();
      expect(await outcome(load('/a'))).toBe('forbidden-location');
    },
  );

  it('may redirect within its scheme, a few times, and is then where it went', async () => {
    const documents: Record<string, string> = { '/to/b': importing('c'), '/to/c': definitions('') };
    handler = (incoming, outgoing) => {
      const document = documents[incoming.url ?? ''];
      if (document === undefined) outgoing.writeHead(301, { location: '/to/b' }).end();
      else outgoing.end(document);
    };
    expect(await load('/a')).toHaveLength(2);
    handler = (_incoming, outgoing) => outgoing.writeHead(301, { location: '/a' }).end();
    expect(await outcome(load('/a'))).toBe('unreachable');
  });

  it('is read with what it imports, each document once, relative to whoever imports it', async () => {
    serve({
      '/x/a?wsdl': importing('b', 'y/c', `${base}/x/a?wsdl#part`, '?wsdl=2'),
      '/x/b': importing('y/../a?wsdl', 'b'),
      '/x/y/c': importing('../b', 'd'),
      '/x/y/d': importing('c'),
      '/x/a?wsdl=2': definitions(''),
    });
    expect(await load('/x/a?wsdl')).toHaveLength(5);
    expect(asked).toHaveLength(5);
  });

  it('imports no more than 31 documents, however they call each other', async () => {
    handler = (incoming, outgoing) => {
      const at = Number(incoming.url?.slice(1));
      outgoing.end(importing(`/${2 * at}`, `/${2 * at + 1}`));
    };
    expect(await outcome(load('/1'))).toBe('too-many-documents');
    expect(asked.length).toBeLessThanOrEqual(32);
  });

  it('is not larger than 10 MiB with all it imports', async () => {
    const filling = `<!--${' '.repeat(3 * 1024 * 1024)}-->`;
    serve({
      '/a': importing('b', 'c', 'd'),
      '/b': definitions(filling),
      '/c': definitions(filling),
      '/d': definitions(filling),
    });
    expect(await load('/a')).toHaveLength(4);
    let sent = 0;
    handler = (_incoming, outgoing) => {
      const chunk = Buffer.alloc(64 * 1024, 0x20);
      const more = () => {
        if (outgoing.destroyed) return;
        sent += chunk.length;
        outgoing.write(chunk, more);
      };
      more();
    };
    expect(await outcome(load('/endless'))).toBe('too-large');
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it.each([
    ['a document type', '<!DOCTYPE definitions>'],
    ['an external entity', '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>'],
    [
      'a billion laughs',
      '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
    ],
    ['an external subset', '<!DOCTYPE d SYSTEM "http://127.0.0.1:1/evil.dtd">'],
  ])('with %s is refused, imported too', async (_what, doctype) => {
    serve({ '/a': doctype + definitions(''), '/b': importing('a') });
    expect(await outcome(load('/a'))).toBe('malformed');
    expect(await outcome(load('/b'))).toBe('malformed');
  });

  it.each([
    ['a page', '<html/>', 'not-a-wsdl'],
    ['a WSDL 2.0', '<description xmlns="http://www.w3.org/ns/wsdl"/>', 'not-a-wsdl'],
    ['definitions of nothing', '<definitions/>', 'not-a-wsdl'],
    ['nothing', '', 'malformed'],
    ['an unknown entity', definitions('&x;'), 'malformed'],
    ['cut off', definitions('').slice(0, -5), 'malformed'],
    ['UTF-16', Buffer.from(`\ufeff${definitions('')}`, 'utf16le'), 'malformed'],
    ['not what it declares', Buffer.from(definitions('<!--\u00e4-->'), 'latin1'), 'malformed'],
    ['an odd charset', `<?xml version="1.0" encoding="UTF-7"?>${definitions('')}`, 'malformed'],
    ['deeper than one could mean', definitions('<a>'.repeat(200) + '</a>'.repeat(200)), 'malformed'],
  ])('that is %s is refused', async (_what, document, code) => {
    serve({ '/a': document });
    expect(await outcome(load('/a'))).toBe(code);
  });

  it('that is not there, or breaks off, is refused', async () => {
    serve({});
    expect(await outcome(load('/a'))).toBe('unreachable');
    handler = (_incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-length': '1000' }).write('<definitions');
      setImmediate(() => outgoing.destroy());
    };
    expect(await outcome(load('/a'))).toBe('unreachable');
    expect(await outcome(loadWsdl({ kind: 'url', url: 'http://127.0.0.1:1/a', certificates: [] }))).toBe(
      'unreachable',
    );
  });

  it('may not take its time, neither to begin nor to end', async () => {
    const within = (path: string) => loadWsdl({ kind: 'url', url: `${base}${path}`, certificates: [] }, 200);
    handler = () => undefined;
    expect(await outcome(within('/silent'))).toBe('unreachable');
    handler = (_incoming, outgoing) => {
      const drip = setInterval(() => outgoing.write(' '), 20);
      outgoing.on('close', () => clearInterval(drip));
    };
    expect(await outcome(within('/slow'))).toBe('unreachable');
  });

  it('may be at an https address, whose certificate must be one given or of a public authority', async () => {
    const [own, other] = [await selfSigned(), await selfSigned()];
    const server = createHttpsServer(own, (_incoming, outgoing) => outgoing.end(definitions('')));
    const secure = await listen(server, '127.0.0.1', 0, 'none');
    const from = (...certificates: Buffer[]) =>
      outcome(loadWsdl({ kind: 'url', url: `https://127.0.0.1:${secure.port}/`, certificates }));
    expect([await from(own.der), await from(other.der), await from()]).toEqual([
      'taken',
      'unreachable',
      'unreachable',
    ]);
    await secure.close(0);
  });

  it('that was uploaded may import addresses, and nothing relative', async () => {
    serve({ '/b': definitions('') });
    const upload = (text: string) => loadWsdl({ kind: 'bytes', bytes: Buffer.from(text) });
    expect(await upload(importing(`${base}/b`))).toHaveLength(2);
    expect(await outcome(upload(importing('b')))).toBe('forbidden-location');
    expect(await outcome(upload(importing('file:///etc/hostname')))).toBe('forbidden-location');
    expect(await outcome(upload(' '.repeat(11 * 1024 * 1024)))).toBe('too-large');
  });
});

describe('a WSDL from a file', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'waygate-wsdl-'));
    await mkdir(join(dir, 'in/deeper'), { recursive: true });
    await writeFile(join(dir, 'outside.wsdl'), definitions(''));
    await writeFile(join(dir, 'in/deeper/b.wsdl'), importing('../a.wsdl'));
    await symlink(join(dir, 'outside.wsdl'), join(dir, 'in/link.wsdl'));
    execFileSync(makePipe, [join(dir, 'in/pipe.wsdl')]);
    // A folder whose name begins as the right one does.
    await mkdir(join(dir, 'inner'));
    await writeFile(join(dir, 'inner/c.wsdl'), definitions(''));
  });
  afterEach(() => rm(dir, { recursive: true }));

  const load = async (text: string) => {
    await writeFile(join(dir, 'in/a.wsdl'), text);
    return loadWsdl({ kind: 'file', path: join(dir, 'in/a.wsdl') });
  };

  it('is read with imports from its folder and below', async () => {
    expect(await load(importing('deeper/b.wsdl', './a.wsdl'))).toHaveLength(2);
  });

  it.each([
    ['../outside.wsdl'],
    ['..%2Foutside.wsdl'],
    ['%2e%2e/outside.wsdl'],
    ['deeper/../../outside.wsdl'],
    ['link.wsdl'],
    ['pipe.wsdl'],
    ['../inner/c.wsdl'],
    ['/etc/hostname'],
    ['file:///etc/hostname'],
    ['file://elsewhere/etc/hostname'],
    ['http://127.0.0.1:1/b.wsdl'],
    ['deeper'],
    ['a.wsdl%00'],
  ])('may not import %s', async (location) => {
    expect(await outcome(load(importing(location)))).toMatch(/^(forbidden-location|unreachable)$/);
  });

  it('that is not there is refused', async () => {
    expect(await outcome(loadWsdl({ kind: 'file', path: join(dir, 'none/a.wsdl') }))).toBe('unreachable');
  });
});
