import { join } from 'node:path';
import { readSecret } from '../../gateway/http/index.ts';
import type { JoinDeskOptions } from '../join/index.ts';
import { nameOfDevice } from '../tokens/index.ts';
import type { StartSettings } from './start-settings.ts';

/** Pause before a step that waits looks again. */
const pollMs = 2_000;

export interface CertificateFolders {
  readonly requestFolder?: string | undefined;
  readonly certificateFolder?: string | undefined;
}

/** What joining an instance with a server of these settings takes, however it is begun. */
export async function joinSettings(
  settings: StartSettings,
  folders: CertificateFolders = {},
): Promise<Pick<JoinDeskOptions, 'places' | 'now' | 'pollMs' | 'webhook'>> {
  const { data, peerHost, peerPort, posture, ocspPort, instancePeerPort } = settings;
  const requestFolder = folders.requestFolder ?? join(data, 'requests');
  const { joinWebhook: url, joinWebhookSecretFile: file } = settings;
  return {
    places: {
      ...{ data, peerHost, instancePeerPort, requestFolder },
      peerPorts: posture === 'xroad7' ? [peerPort, ocspPort] : [peerPort],
      certificateFolder: folders.certificateFolder ?? requestFolder,
      devices: (settings.tokens ?? []).map(nameOfDevice),
    },
    now: () => new Date(),
    pollMs,
    ...(url !== undefined && { webhook: { url, secret: await readWebhookSecret(file) } }),
  };
}

function readWebhookSecret(file: string | undefined): Promise<string> {
  const variable = 'WAYGATE_SERVER_JOIN_WEBHOOK_SECRET';
  return readSecret({ name: 'join webhook secret', file, variable, environment: process.env });
}
