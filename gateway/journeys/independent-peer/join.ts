import { rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { loadOrMakeSecrets } from '../../../pilot/index.ts';
import { startNetwork, type TestNetwork } from '../network.ts';
import { fetchStatus, writeStatus } from './ocsp.ts';
import {
  type Credential,
  foundAuthority,
  makeFolder,
  type OwnAuthority,
  orderCertificate,
  type PilotAuthority,
} from './pki.ts';

/** The peer's member and server, as an administrator writes them. */
export const member = { memberClass: 'GOV', memberCode: '3001' } as const;
export const host = '127.0.0.3';
export const asker = 'PILOT/GOV/3001/asker';

const serverId = 'PILOT:GOV:3001:independent';
export const ministryId = 'PILOT:GOV:1001:ss1';

/** A security server of a member of its own, known to the pilot network, in which nothing is the product's code. */
export interface Peer {
  readonly network: TestNetwork;
  readonly folder: string;
  readonly authority: PilotAuthority;
  /** A second authority that the instance approves of; its keys are the peer's. */
  readonly own: OwnAuthority;
  /** One that `own` issued, approved as an intermediate one. */
  readonly below: OwnAuthority;
  /** An authority that nobody approves of. */
  readonly foreign: OwnAuthority;
  /** Registered; RSA. */
  readonly authentication: Credential;
  readonly signing: Credential;
  /** A good status as it is now, from whoever issued the certificate. @returns DER */
  status(credential: Credential): Promise<Buffer>;
  /** Registers another authentication certificate, of the peer's server unless another is named. */
  register(credential: Credential, server?: string): Promise<void>;
  /** Publishes a service of the ministry that the peer's `asker` may call entirely. @returns its address */
  publish(code: string, handler: RequestListener, kind?: 'REST' | 'WSDL'): Promise<string>;
  close(): Promise<void>;
}

/** Starts the network and takes the peer into it, as the registry's administrator would. */
export async function joinNetwork(): Promise<Peer> {
  const network = await startNetwork({ peers: { posture: 'xroad7', onlyTls12: true } });
  const folder = await makeFolder();
  const { issue: secret } = await loadOrMakeSecrets(network.data);
  const authority = { url: `http://127.0.0.1:${network.ports.authority}`, secret };
  const own = await foundAuthority(folder, 'Second authority');
  const below = await foundAuthority(folder, 'Authority below', own);
  const foreign = await foundAuthority(folder, 'Foreign authority');
  const authentication = await orderCertificate(folder, authority, 'authentication', member);
  const signing = await orderCertificate(folder, authority, 'signing', member);

  const { registryAdmin } = network;
  await registryAdmin.post('/certification-services', {
    name: 'Second authority',
    profile: 'ee.ria.xroad.common.certificateprofile.impl.BasicCertificateProfileInfoProvider',
    top: showAuthority(own),
    intermediates: [showAuthority(below)],
  });
  await registryAdmin.post('/members', { id: 'PILOT:GOV:3001', name: 'Independent member' });
  await registryAdmin.post('/servers', { id: serverId, address: host });
  const registered = `/servers/${encodeURIComponent(serverId)}`;
  const certificates = new Map([[ministryId, 1]]);
  const register = async ({ certificate }: Credential, server = serverId) => {
    certificates.set(server, (certificates.get(server) ?? 0) + 1);
    await registryAdmin.post(`/servers/${encodeURIComponent(server)}/authentication-certificates`, {
      certificate: certificate.toString(),
    });
  };
  await register(authentication);
  for (const code of ['asker', 'giver']) {
    const id = `PILOT:GOV:3001:${code}`;
    await registryAdmin.post('/subsystems', { id, name: code });
    await registryAdmin.post(`${registered}/clients`, { id });
  }
  const peer: Peer = {
    ...{ network, folder, authority, own, below, foreign, authentication, signing },
    status: (credential) => {
      const { certificate } = credential;
      const issuer = [own, below, foreign].find((one) => one.certificate.subject === certificate.issuer);
      if (issuer !== undefined)
        return Promise.resolve(writeStatus(credential, { responder: issuer.responder }));
      return fetchStatus(folder, `${authority.url}/ocsp`, credential);
    },
    register: async (credential, server) => {
      await register(credential, server);
      await refresh(network, certificates);
    },
    publish: async (code, handler, kind) => {
      const { url } = await network.publish(code, handler, kind);
      const rights = `/clients/PILOT%3AGOV%3A1001%3Apopulation/services/${code}/access-rights`;
      const subjects = ['PILOT:GOV:3001:asker', 'PILOT:MUN:2001:portal'];
      await network.ministryAdmin.put(
        rights,
        subjects.map((subject) => ({ subject, endpoints: [{ method: '*', path: '**' }] })),
      );
      return url;
    },
    close: async () => {
      await network.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await refresh(network, certificates);
  return peer;
}

/** An authority as the registry is told of it. Nobody asks its responder: the peer brings the statuses itself. */
function showAuthority({ certificate, responder }: OwnAuthority) {
  const ocspResponders = [{ url: 'http://127.0.0.1:9/', certificate: responder.certificate.toString() }];
  return { certificate: certificate.toString(), ocspResponders };
}

/** Has both servers fetch the configuration until they know the peer's clients, and so many certificates of each server. */
async function refresh(network: TestNetwork, certificates: ReadonlyMap<string, number>): Promise<void> {
  for (const [server, admin] of [
    [network.ministry, network.ministryAdmin],
    [network.city, network.cityAdmin],
  ] as const) {
    const isKnown = () => {
      const known = server.configuration().shared('PILOT')?.securityServers ?? [];
      return [...certificates].every(([id, count]) => {
        const one = known.find(({ id: { serverCode } }) => id.endsWith(`:${serverCode}`));
        return one?.authCertHashes.length === count && (one.address !== host || one.clients.length === 2);
      });
    };
    for (let attempt = 0; !isKnown(); attempt += 1) {
      if (attempt > 800) throw new Error('the registry did not publish the independent server');
      await admin.post('/configuration/refresh');
      await setTimeout(25);
    }
  }
}
