import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GlobalConfiguration } from '../../gateway/configuration/index.ts';
import { parseEncodedClient, parseEncodedServer } from '../../gateway/identifier/index.ts';
import { managementKinds } from '../../gateway/management/index.ts';
import { SettingsStore, serviceIdOf } from '../settings/index.ts';
import { hostManagementService } from './host.ts';

const subsystem = {
  kind: 'SUBSYSTEM',
  instance: 'DEV',
  memberClass: 'GOV',
  memberCode: '1',
  subsystemCode: 'management',
} as const;
const owner = parseEncodedClient('DEV:MUN:2');
const url = 'http://registry.example:4002/managementservice/manage';
const configuration = {
  isInGlobalGroup: ({ groupCode }: { groupCode: string }, client: { kind: string }) =>
    groupCode === 'security-server-owners' && client.kind === 'MEMBER',
} as unknown as GlobalConfiguration;

describe('a server that hosts the management service', () => {
  let dir: string;
  let settings: SettingsStore;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-host-'));
    await SettingsStore.create(join(dir, 'settings.sqlite'), parseEncodedServer('DEV:GOV:1:ss1'));
    settings = await SettingsStore.open(join(dir, 'settings.sqlite'));
  });
  afterEach(() => {
    settings.close();
    rmSync(dir, { recursive: true });
  });

  const allowed = (client: typeof owner, code: string) =>
    settings.current().isAllowed(client, serviceIdOf(subsystem, code), 'POST', '', configuration, new Date());

  it('lets owners of servers, and nobody else, call what goes over X-Road', async () => {
    await hostManagementService(settings, subsystem, url);
    const codes = settings
      .current()
      .servicesOf(subsystem)
      .map(({ serviceCode }) => serviceCode);
    const expected = [...managementKinds.filter((kind) => kind !== 'authCertReg'), 'requestStatus'];
    expect([...codes].sort()).toEqual([...expected].sort());
    expect(codes.every((code) => allowed(owner, code))).toBe(true);
    expect(codes.some((code) => allowed(parseEncodedClient('DEV:MUN:2:permits'), code))).toBe(false);
    const { kind, url: address } = settings.current().service(serviceIdOf(subsystem, 'clientReg')) ?? {};
    expect([kind, address]).toEqual(['WSDL', url]);
  });

  it('takes another address, and leaves what an administrator set on the client', async () => {
    await hostManagementService(settings, subsystem, url);
    expect(settings.current().client(subsystem)?.connectionType).toBe('SSLAUTH');
    await settings.putClient({
      ...{ id: subsystem, status: 'registered', connectionType: 'NOSSL', certificates: [] },
    });
    await hostManagementService(settings, subsystem, 'http://moved.example/');
    expect(settings.current().client(subsystem)?.connectionType).toBe('NOSSL');
    const services = settings.current().servicesOf(subsystem);
    expect(new Set(services.map((service) => service.url))).toEqual(new Set(['http://moved.example/']));
  });
});
