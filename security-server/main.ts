import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Backups } from '../gateway/backup/index.ts';
import { parseAnchor } from '../gateway/configuration/index.ts';
import { listen } from '../gateway/http/index.ts';
import { printEncoded, printRest } from '../gateway/identifier/index.ts';
import { Journal } from '../gateway/journal/index.ts';
import { CircuitBreaker, Quotas } from '../gateway/provider-side/index.ts';
import type { Road } from '../gateway/road/index.ts';
import { createVerifier } from '../gateway/signature/index.ts';
import { createBodySink, prepareSpool } from '../gateway/transport/index.ts';
import { AskedBook } from './asked/index.ts';
import { ConfigurationClient } from './configuration-client/index.ts';
import { SnapshotStore } from './configurations/index.ts';
import { createProviderSide } from './create-provider-side.ts';
import { Diagnostics, Outcomes } from './diagnostics/index.ts';
import { collectExpiries } from './expiries/index.ts';
import { checkHealth } from './health/index.ts';
import { auditLogOrigin } from './init.ts';
import { ManagementSender, managementSigners } from './management/index.ts';
import { ServerMetrics } from './metrics/index.ts';
import { addressOfHost, Monitoring } from './monitoring/index.ts';
import { Notices } from './notices/index.ts';
import { createAskPeer, createPeerPools, postureOf, startOcspPort } from './peers/index.ts';
import { CheckpointExchange, HistoryWatch, RegistryHistoryError } from './registry-history/index.ts';
import { type Closers, type RunningServer, type ServerSettings, urlOf } from './running-server.ts';
import { SettingsStore } from './settings/index.ts';
import {
  ownCertificates,
  removeStatus,
  ServerSigner,
  savedSigningModes,
  savedStatuses,
  saveStatus,
} from './signer/index.ts';
import { startAdministration } from './start-administration.ts';
import { startCatalogue } from './start-catalogue.ts';
import { startClientSide } from './start-client-side.ts';
import { startEvidence } from './start-evidence.ts';
import { startRenewals } from './start-renewals.ts';
import { ServerTokens } from './tokens/index.ts';
import { newSpanId, Tracing } from './tracing/index.ts';

/**
 * Starts a security server that was founded. It is live when this resolves; whether it is ready `health` says.
 * @throws Error when none was founded there; TokenError pin-incorrect, pin-locked; PortError
 */
export async function startServer(options: ServerSettings): Promise<RunningServer> {
  const { data, pin, onExchange, onTrouble, now = () => new Date() } = options;
  const closers: Closers = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const posture = postureOf(options.peers ?? {});
    const settings = await SettingsStore.open(join(data, 'settings.sqlite'));
    closers.push(() => settings.close());
    let reload: (() => Promise<void>) | undefined;
    const tokens = await ServerTokens.open({
      ...{ dir: join(data, 'token'), devices: options.tokens ?? [] },
      onChange: () => {
        reload?.().catch((error: unknown) => onTrouble('token', error));
      },
      onTrouble: (error) => onTrouble('token', error),
    });
    closers.push(() => tokens.close());
    const token = tokens.software;
    if (pin !== undefined) await token.activate(pin);

    const journal = await Journal.open({
      ...{ dir: join(data, 'journal'), origin: auditLogOrigin(settings.serverId), now },
      onTrouble: (error) => onTrouble('audit log', error),
    });
    closers.push(() => journal.close());
    const backups = await Backups.open({
      ...{ data, program: 'security-server', name: () => printRest(settings.serverId), journal, now },
      onTrouble: (error) => onTrouble('backup', error),
    });
    closers.push(() => backups.close());
    const registryHistory = new HistoryWatch({
      file: join(data, 'registry-history.json'),
      now,
      onTrouble: ({ code, text }) => {
        onTrouble('registry history', new RegistryHistoryError(code, text));
        journal.append({
          ...{ actor: 'system', action: 'registry-history.judge', target: settings.serverId.instance },
          ...{ outcome: 'refused', code, detail: { text } },
        });
      },
    });

    const asked = new AskedBook();
    const onAsked = asked.note.bind(asked);
    const [peerOutcomes, serviceOutcomes] = [new Outcomes(now), new Outcomes(now)];
    const configurationDir = join(data, 'globalconf');
    let signer: ServerSigner | undefined;
    let management: ManagementSender | undefined;
    // Beside the records that name them.
    const configurations = await SnapshotStore.open(join(data, 'messages', 'configurations'));
    const anchorFile = await readFile(join(data, 'configuration-anchor.xml'));
    const configuration = new ConfigurationClient({
      anchorFile,
      dir: configurationDir,
      now,
      random: Math.random,
      pollMs: options.configurationPollMs,
      serverId: printEncoded(settings.serverId),
      allowedFederations: options.allowedFederations,
      onFailure: (error) => onTrouble('configuration', error),
      onChange: () => {
        // A status could not be asked for without a configuration that says whom to ask.
        signer?.refresh().catch((error: unknown) => onTrouble('certificate status', error));
        // What the registry has approved shows in its configuration.
        void management?.refresh();
      },
      snapshots: configurations,
      history: registryHistory,
      onAsked,
    });
    closers.push(() => configuration.close());
    await configuration.start();

    const certificates = new ServerSigner({
      serverId: settings.serverId,
      tokens,
      configuration,
      tls: posture.tls,
      now,
      signingModes: await savedSigningModes(settings.db),
      savedStatuses: await savedStatuses(settings.db),
      saveStatus: (sha256, status) => saveStatus(settings.db, sha256, status),
      removeStatus: (sha256) => removeStatus(settings.db, sha256),
      onFailure: (own, error) => onTrouble(`status of certificate ${own.certificate.subject}`, error),
      onAsked,
    });
    signer = certificates;
    closers.push(() => certificates.close());
    const reloadCertificates = async () => certificates.use(await ownCertificates(settings.db));
    reload = reloadCertificates;
    await reloadCertificates();

    const { bodyPolicies, log, snapshots, archiving, disk } = await startEvidence(
      options,
      { serverId: settings.serverId, token, configuration, configurations, onAsked },
      closers,
    );

    const monitoring = new Monitoring({
      serverId: settings.serverId,
      path: join(data, 'monitoring.sqlite'),
      data,
      retentionDays: options.operationalDataDays ?? 7,
      offsetSeconds: options.operationalDataOffsetSeconds ?? 60,
      internalIp: addressOfHost(options.peerHost),
      settings: () => settings.current(),
      configuration: () => configuration.latest(),
      certificates: () => ownCertificates(settings.db),
      now,
      onTrouble: (error) => onTrouble('operational data', error),
    });
    closers.push(() => monitoring.close());

    const anchor = parseAnchor(anchorFile);
    const expiries = () =>
      collectExpiries({
        ...{ anchor, settings: () => settings.current(), configuration: () => configuration.latest(), now },
        certificates: () => ownCertificates(settings.db),
        renewals: () => renewals.list(),
      });
    const notices = await Notices.open({
      ...{ db: settings.db, token, expiries, server: () => printEncoded(settings.serverId), now, onTrouble },
    });
    closers.push(() => notices.close());

    const metrics = new ServerMetrics({
      health: () => health(),
      ...{ expiries, notices: () => notices.states(), spansLost: () => tracing?.lost },
      configuration: () => configuration.latest(),
      certificates: () => ownCertificates(settings.db),
      statusUntil: (own) => certificates.statusOf(own)?.validUntil,
      ...{ log, disk: () => disk.status(), tokens: () => tokens.all(), now },
      diagnoses: async () => (await diagnostics.report()).diagnoses,
      newestBackupAt: () => {
        const { newest } = backups.status();
        return newest && new Date(newest.createdAt);
      },
    });

    const tracing =
      options.tracing &&
      new Tracing({
        ...{ ...options.tracing, server: () => printEncoded(settings.serverId) },
        onTrouble: (error) => onTrouble('traces', error),
      });
    closers.push(() => tracing?.close());
    const spool = join(data, 'spool');
    await prepareSpool(spool);
    const road: Road = {
      configuration,
      settings: () => settings.current(),
      signer: certificates,
      log,
      room: disk.room,
      clock: { now },
      signatures: createVerifier(),
      newSink: () => createBodySink({ dir: spool, maxSize: options.maxBodyBytes, digest: 'sha512' }),
      newId: randomUUID,
      ...(tracing !== undefined && { newSpanId }),
      report: (event) => {
        onExchange(event);
        const names = monitoring.note(event);
        metrics.note(event, names);
        tracing?.note(event, names);
      },
    };
    const health = () =>
      checkHealth({
        configuration: () => configuration.current(),
        settings: () => settings.current(),
        signer: certificates,
        isSignedIn: () => token.isActive(),
        log,
        disk: () => disk.status(),
        registryHistory: () => registryHistory.state().trouble,
        backups: () => backups.status(),
        now,
      });

    // Java servers staple nothing; where there may be some, only whom a message met is asked.
    const stapling = new Set<string>();
    const checkpoints = new CheckpointExchange({
      ...{ watch: registryHistory, self: settings.serverId, now, random: Math.random },
      configuration: () => configuration.current(),
      pauseMs: options.compareCheckpointsEveryMs ?? 600_000,
      report: (error) => onTrouble('registry history', error),
      ask: createAskPeer({
        ...{ signer: certificates, port: options.instancePeerPort, now },
        configuration: () => configuration.current(),
        mayAsk: (address) => posture.ocsp === undefined || stapling.has(address),
      }),
    });
    closers.push(() => checkpoints.close());
    checkpoints.start();
    const quotas = new Quotas();
    const breaker = options.circuit && new CircuitBreaker(options.circuit, now);
    const provider = await listen(
      createProviderSide(
        { ...road, quotas, breaker },
        settings,
        posture,
        monitoring,
        serviceOutcomes,
        checkpoints,
        closers,
      ),
      options.peerHost,
      options.peerPort,
      '--peer-port',
    );
    closers.push(() => provider.close());
    const ocsp =
      posture.ocsp &&
      (await startOcspPort(certificates, options.peerHost, posture.ocsp.port, (error) =>
        onTrouble('OCSP port', error),
      ));
    closers.push(() => ocsp?.close());

    const peers = createPeerPools(posture, now, {
      onConnected: (provider, error) => peerOutcomes.note(printEncoded(provider), error),
      onStapled: ({ host }) => stapling.add(host),
    });
    closers.push(() => peers.close());
    const { client, clientTls, loopback } = await startClientSide(
      options,
      { road, peers, settings, token, log, journal, configuration, configurationDir, now },
      closers,
    );
    // What was accepted is finished: information systems first, for their exchanges may come back to this server.
    closers.push(async () => {
      const graceMs = options.stopGraceMs ?? 5_000;
      await Promise.all([client.close(graceMs), clientTls.close(graceMs)]);
      await provider.close(graceMs);
    });

    const requests = await ManagementSender.start({
      settings,
      configuration,
      signers: managementSigners(certificates, token, settings),
      loopback,
      now,
      newId: randomUUID,
      onFailure: (sent, error) => onTrouble(`management request ${sent?.id ?? ''}`, error),
    });
    management = requests;
    const diagnostics = new Diagnostics({
      ...{ configuration, asked, log, now, signer: certificates, timestampUrls: options.timestampUrls },
      ...{ peers: peerOutcomes, services: serviceOutcomes, breaker, tokens: () => tokens.all() },
      settings: () => settings.current(),
      certificates: () => ownCertificates(settings.db),
      statusOf: (own) => certificates.statusOf(own),
      history: () => registryHistory.state().trouble,
      disk: () => disk.status(),
      archiveFailure: () => archiving.current?.failure,
      backups: () => backups.status(),
      requests: () => requests.list(),
      renewals: () => renewals.list(),
      notices: () => notices.states(),
    });
    closers.push(() => requests.close());
    const mayGather = () => token.isActive() && ['ample', 'low', 'unknown'].includes(disk.status().level);
    const catalogue = startCatalogue(
      options,
      { configuration, settings, client, clientTls, loopback, mayGather, now },
      closers,
    );
    const { orders, renewals } = await startRenewals(
      options,
      {
        ...{ settings, token, tokens, signer: certificates, reloadCertificates, management: requests, now },
        configuration: () => configuration.current(),
      },
      closers,
    );
    notices.start();

    const { adminListening, apiKey } = await startAdministration(
      options,
      {
        settings,
        token,
        tokens,
        signer: certificates,
        orders,
        management: requests,
        renewals,
        expiries,
        notices,
        log,
        disk,
        configurations: snapshots,
        registryHistory,
        checkpoints,
        archiving,
        journal,
        backups,
        bodyPolicies,
        configuration: () => configuration.current(),
        refreshConfiguration: () => configuration.refresh(),
        reloadCertificates,
        metrics,
        loopback,
        catalogue,
        explain: {
          ...road,
          quotas,
          peerPort: options.instancePeerPort,
          settings: () => settings.current(),
          now,
        },
        operations: (messageId) => monitoring.ofMessage(messageId),
        health,
        diagnostics,
        breaker,
        traffic: (query) => monitoring.traffic(query),
        probes: {
          ...{ configuration, signer: certificates, asked, settings: () => settings.current() },
          ...{ peers: peerOutcomes, services: serviceOutcomes, breaker },
          peerPort: options.instancePeerPort,
          newPeers: () => createPeerPools(posture, now),
        },
        now,
        ...(options.join !== undefined && { join: options.join }),
      },
      closers,
    );

    return {
      get id() {
        return settings.serverId;
      },
      clientUrl: urlOf('http', client),
      clientTlsUrl: urlOf('https', clientTls),
      peerAddress: { host: provider.host, port: provider.port },
      ...(ocsp !== undefined && { ocspAddress: { host: ocsp.host, port: ocsp.port } }),
      adminUrl: urlOf('http', adminListening),
      apiKey,
      configuration: () => configuration.current(),
      health,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
