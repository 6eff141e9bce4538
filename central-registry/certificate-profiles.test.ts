import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateKeyPair, softwareSigningKey } from '../certs/key/index.ts';
import { buildName, createCertificate, type DistinguishedName } from '../certs/x509/index.ts';
import { AskedRegistry } from './testing/asked-registry.ts';

const basic = 'ee.ria.xroad.common.certificateprofile.impl.BasicCertificateProfileInfoProvider';
const forms = [
  {
    shownBy: [{ attribute: 'OU' }],
    instance: { from: 'signer' },
    memberClass: { from: 'constant', value: 'GOV' },
    memberCode: { from: 'subject', attribute: 'OU', shape: { characters: 'digits' } },
  },
];
const path = '/certificate-profiles';

describe('the certificate profiles of a registry', () => {
  let registry: AskedRegistry;
  beforeEach(async () => {
    registry = await AskedRegistry.found('TEST');
  });
  afterEach(async () => {
    await registry.close();
    expect(registry.reported).toEqual([]);
  });

  const ask = (method: string, below: string, body?: unknown) => registry.ask(method, path + below, body);
  const put = (name: string, more: object = {}) =>
    ask('PUT', `/${name}`, { description: 'Own', forms, ...more });
  const issue = async (subject: DistinguishedName) => {
    const { privateKey, publicKey } = await generateKeyPair({ type: 'ec', curve: 'P-256' });
    const validity = { notBefore: new Date('2026-01-01'), notAfter: new Date('2036-01-01') };
    const wanted = { subject, issuer: subject, publicKey, serialNumber: 1n, ...validity };
    return (await createCertificate(wanted, softwareSigningKey(privateKey))).pem;
  };
  const approve = async (profile: string) => {
    const certificate = await issue(buildName({ CN: 'ca' }));
    const service = { name: 'CA', profile, top: { certificate, ocspResponders: [] } };
    expect((await registry.ask('POST', '/certification-services', service)).status).toBe(201);
  };

  it('are those of X-Road, which stay as they are, and own ones', async () => {
    const shipped = (await ask('GET', '')).json;
    expect(shipped.map(({ isShipped }: { isShipped: boolean }) => isShipped)).toEqual(Array(8).fill(true));
    const taken = await put('EjbcaCertificateProfileInfoProvider');
    expect(taken).toMatchObject({ status: 409, json: { code: 'exists' } });
    expect(await ask('DELETE', '/EjbcaCertificateProfileInfoProvider')).toMatchObject({ status: 404 });

    expect((await put('own')).status).toBe(204);
    const own = { name: 'own', description: 'Own', publishedAs: basic, forms, isShipped: false, usedBy: [] };
    expect((await ask('GET', '')).json.slice(8)).toEqual([own]);
    expect((await put('own', { publishedAs: 'org.example.Own' })).status).toBe(204);
    expect((await ask('GET', '/own')).json).toEqual({ ...own, publishedAs: 'org.example.Own' });
    expect((await ask('DELETE', '/own')).status).toBe(204);
    expect((await ask('GET', '/own')).status).toBe(404);
    const { json } = await registry.ask('GET', '/history');
    expect(JSON.stringify(json)).toContain('certificateProfile');
  });

  it('are kept while a service goes by them; a service may name any class', async () => {
    await put('own');
    await approve('own');
    expect((await ask('GET', '/own')).json.usedBy).toEqual(['CA']);
    expect(await ask('DELETE', '/own')).toMatchObject({ status: 409, json: { code: 'in-use' } });
    expect((await ask('GET', '/own')).status).toBe(200);
    const [form] = forms;
    const changed = { forms: [{ ...form, needs: [{ attribute: 'CN' }] }] };
    const refusal = { json: { code: 'confirmation-needed', warnings: [{ code: 'profile-in-use' }] } };
    expect(await put('own', changed)).toMatchObject({ status: 409, ...refusal });
    expect((await put('own', { description: 'Only in other words' })).status).toBe(204);
    expect((await put('own?confirm=profile-in-use', changed)).status).toBe(204);
    expect((await ask('GET', '/own')).json.forms).toEqual(changed.forms);
    await approve('org.example.Unheard');
    await approve('EjbcaCertificateProfileInfoProvider');
    expect((await ask('GET', '/EjbcaCertificateProfileInfoProvider')).json.usedBy).toEqual(['CA']);
  });

  it('are refused where they are wrong', async () => {
    const pointers = async (body: object, name = 'own') =>
      (await put(name, body)).json.errors.map(({ pointer }: { pointer: string }) => pointer);
    expect(await pointers({ forms: [] })).toEqual(['/forms']);
    const [form] = forms;
    const memberCode = { from: 'subject', attribute: 'OU', pattern: '(a*)*b' };
    expect(await pointers({ forms: [{ ...form, memberCode }] })).toEqual(['/forms/0/memberCode']);
    expect(await pointers({ forms: [{ ...form, memberCode: { from: 'subject', attribute: 'X' } }] })).toEqual(
      ['/forms/0/memberCode/attribute'],
    );
    expect(await pointers({}, 'a.b')).toEqual(['/name']);
    const table = Array(100).fill({ equals: 'x'.repeat(255), gives: 'x'.repeat(255) });
    const long = { from: 'subject', attribute: 'OU', table };
    expect(await put('own', { forms: [{ ...form, memberCode: long }] })).toMatchObject({ status: 422 });
    for (const publishedAs of ['', '<a>', 'a..b', 'a b']) {
      expect(await put('own', { publishedAs })).toMatchObject({ status: 422, json: { code: 'invalid' } });
    }
    expect((await ask('GET', '')).json.length).toBe(8);
  });

  it('are tried on a certificate, step by step', async () => {
    await put('own');
    const certificate = await issue(buildName({ OU: '12', CN: 'x' }));
    const member = { instance: 'TEST', memberClass: 'GOV', memberCode: '12' };
    const steps = [
      { code: 'form-shown', form: 1, attribute: 'OU', seen: ['12'] },
      { code: 'read', field: 'instance', value: 'TEST' },
      { code: 'read', field: 'memberClass', value: 'GOV' },
      { code: 'read', field: 'memberCode', attribute: 'OU', seen: ['12'], value: '12' },
    ];
    const trial = (body: object) => ask('POST', '/trial', { certificate, ...body });
    const own = await trial({ profile: 'own' });
    expect(own).toMatchObject({ status: 200, json: { member, steps, subject: expect.any(String) } });
    expect(own.json.failure).toBeUndefined();
    expect(await trial({ forms })).toMatchObject({ json: { member } });

    for (const profile of [basic, 'BasicCertificateProfileInfoProvider']) {
      const failed = { json: { failure: 'attribute-missing' } };
      const { json } = expectStatus(await trial({ profile }), 200);
      expect({ json }).toMatchObject(failed);
      expect(json.member).toBeUndefined();
      expect(json.steps.at(-1)).toMatchObject({
        field: 'memberClass',
        attribute: 'businessCategory',
        seen: [],
      });
    }
    expect(await trial({ profile: 'nobody' })).toMatchObject({ status: 404 });
    expect(await trial({ profile: 'own', forms })).toMatchObject({ status: 422 });
    expect(await trial({})).toMatchObject({ status: 422 });
    const unread = { status: 422, json: { errors: [{ pointer: '/certificate' }] } };
    expect(await trial({ profile: 'own', certificate: 'x' })).toMatchObject(unread);
  });
});

function expectStatus<Answer extends { status: number }>(answer: Answer, status: number): Answer {
  expect(answer.status).toBe(status);
  return answer;
}
