import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { allow, allowAll, Problem } from '../../gateway/http/index.ts';
import { parseEncodedClient, printEncoded } from '../../gateway/identifier/index.ts';
import { issuersOf } from '../../gateway/trust/index.ts';
import type { AskedState } from '../asked/index.ts';
import {
  type Diagnosis,
  type DiagnosticsReport,
  nameOf,
  type Outcome,
  type Probe,
  probePeers,
  probeRegistry,
  probeService,
} from '../diagnostics/index.ts';
import { explainDisk } from '../disk/index.ts';
import type { AdminContext } from './context.ts';
import {
  type diagnosisSchema,
  diagnosticsSchema,
  explain,
  type Language,
  languageQuery,
  probeQuestionSchema,
  probeSchema,
} from './diagnostics-schemas.ts';

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { 'application/json': { schema } } });
/** Tests that may run at once: each holds a connection for up to the timeout of a service. */
const maxProbes = 8;

/** What is wrong with this server, and trying its connections. */
export function addDiagnosticsRoutes(app: OpenAPIHono, context: AdminContext): void {
  const { diagnostics, probes, settings } = context;

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: '/api/v1/diagnostics',
      description:
        'Everything that stops exchange, or is about to, with cause and remedy; and what was seen of registry, ' +
        'authorities, peers, services, clock, disk and backups. At most five seconds old.',
      request: { query: languageQuery },
      responses: { 200: { description: 'what was seen', ...json(diagnosticsSchema) } },
    }),
    async (c) => {
      const report = await diagnostics.report();
      return c.json(show(report, settings.serverId.instance, c.req.valid('query').language), 200);
    },
  );

  let running = 0;
  app.openapi(
    createRoute({
      ...allow('system-administrator', 'security-officer', 'registration-officer', 'service-administrator'),
      method: 'post',
      path: '/api/v1/diagnostics/probes',
      description:
        'Tries a connection now: to the registry (fetches the configuration, and knocks at the registration ' +
        'service), to each server of a provider (TCP, TLS and its certificate), or to a service of this server ' +
        '(HEAD at its address). Only what configuration and settings name is connected to.',
      request: { query: languageQuery, body: { required: true, ...json(probeQuestionSchema) } },
      responses: { 200: { description: 'one result for each address', ...json(z.array(probeSchema)) } },
    }),
    async (c) => {
      const question = c.req.valid('json');
      const { language } = c.req.valid('query');
      if (running >= maxProbes) {
        const detail = `${maxProbes} connection tests run already; wait until one ends`;
        throw new Problem(429, 'probes-busy', detail, { retryAfterSeconds: 10 });
      }
      running += 1;
      try {
        return c.json(
          (await run(question)).map((probe) => showProbe(probe, language)),
          200,
        );
      } finally {
        running -= 1;
        diagnostics.forget();
      }
    },
  );

  async function run(question: z.infer<typeof probeQuestionSchema>): Promise<Probe[]> {
    if (question.kind === 'registry') return probeRegistry(probes);
    if (question.kind === 'peer') return probePeers(parseEncodedClient(question.provider), probes);
    const { provider, serviceCode, serviceVersion } = question;
    const wanted = { provider, serviceCode, ...(serviceVersion !== undefined && { serviceVersion }) };
    const probe = await probeService(wanted, probes);
    if (probe !== undefined) return [probe];
    throw new Problem(404, 'unknown-service', `${provider} has no service ${serviceCode} here`);
  }
}

function show(report: DiagnosticsReport, instance: string, language: Language) {
  const { at, configuration, asked, log, clock, disk, backups } = report;
  const { aheadMs } = clock;
  const { forecast, free } = disk;
  return {
    checkedAt: at.toISOString(),
    diagnoses: report.diagnoses.map((diagnosis) => showDiagnosis(diagnosis, language)),
    configuration: {
      instance,
      ...(configuration && { id: configuration.id, expiresAt: configuration.expiresAt.toISOString() }),
      ...instantOf('fetchedAt', report.configurationFetchedAt),
      sources: asked.configuration.map(showAsked),
    },
    timestamping: {
      ...instantOf('lastTimestampAt', log.lastTimestampAt),
      recordsWithoutTimestamp: log.withoutTimestamp,
      authorities: timestampingAuthorities(report),
    },
    ocsp: authorities(report),
    certificates: report.certificates.map((own) => {
      const { use, member, certificate, isActive } = own;
      return {
        ...{ name: nameOf(own), use, isActive, issuer: certificate.issuer.toString() },
        ...(member && { member: printEncoded(member) }),
        notBefore: certificate.notBefore.toISOString(),
        notAfter: certificate.notAfter.toISOString(),
        ...instantOf('statusUntil', report.statusOf(own)?.validUntil),
      };
    }),
    clock: {
      ...(aheadMs !== undefined && { aheadMilliseconds: aheadMs }),
      observations: clock.observations.map(({ kind, url, at: seenAt, aheadMs: aheadMilliseconds }) => ({
        ...{ kind, url, at: seenAt.toISOString(), aheadMilliseconds },
      })),
    },
    disk: {
      ...{ level: disk.level, detail: explainDisk(disk) },
      ...(free !== undefined && { bytesFree: free }),
      ...(forecast.kind === 'filling' && { daysUntilFull: forecast.days }),
    },
    peers: report.peers.map((outcome) => ({ provider: outcome.subject, ...showWay(outcome) })),
    services: report.services.map((outcome) => ({ service: outcome.subject, ...showWay(outcome) })),
    backups: {
      ...{ isGood: backups.isGood, code: backups.code, detail: backups.detail },
      ...(backups.newest && { newestAt: backups.newest.createdAt }),
    },
  };
}

function showDiagnosis(diagnosis: Diagnosis, language: Language): z.infer<typeof diagnosisSchema> {
  const { code, severity, subject, detail, href, since } = diagnosis;
  return {
    ...explain(code, diagnosis, language),
    ...{ severity, subject, href, since: since.toISOString() },
    ...(detail !== undefined && { detail }),
  };
}

/** Each authority that issued a certificate here, with its responders as they answered last, whichever they were asked about. */
function authorities({ certificates, configuration, asked }: DiagnosticsReport) {
  const found = new Map<string, Set<string>>();
  for (const { certificate, isActive } of certificates) {
    if (!isActive) continue;
    const name = certificate.issuer.toString();
    const urls = found.get(name) ?? new Set();
    found.set(name, urls);
    const issuers = configuration ? issuersOf(certificate, configuration.instance, configuration) : [];
    for (const { url } of issuers.flatMap(({ ocspResponders }) => ocspResponders)) urls.add(url);
  }
  return [...found].map(([authority, urls]) => ({
    authority,
    responders: [...urls].map((url) => {
      const states = asked.ocsp.filter(({ last }) => last.url === url);
      const worst = states.find(({ failsSince }) => failsSince !== undefined) ?? states.at(-1);
      return worst === undefined ? { url } : showAsked(worst);
    }),
  }));
}

function timestampingAuthorities({ configuration, asked, timestampUrls }: DiagnosticsReport) {
  const approved = configuration?.tsas(configuration.instance) ?? [];
  const urls = timestampUrls.length > 0 ? timestampUrls : approved.map(({ url }) => url);
  return urls.map((url) => {
    const name = approved.find((one) => one.url === url)?.name;
    const state = asked.timestamp.find(({ last }) => last.url === url);
    return { ...(state === undefined ? { url } : showAsked(state)), ...(name !== undefined && { name }) };
  });
}

function showAsked({ last, lastGoodAt, failsSince }: AskedState) {
  return {
    url: last.url,
    ...(lastGoodAt !== undefined && { lastGoodAt: new Date(lastGoodAt).toISOString() }),
    ...(failsSince !== undefined && { failsSince: new Date(failsSince).toISOString() }),
    ...(last.error !== undefined && {
      failure: { at: new Date(last.answeredAt).toISOString(), text: textOf(last.error) },
    }),
  };
}

function showWay({ lastGoodAt, lastFailure, failsSince }: Outcome) {
  return {
    ...instantOf('lastGoodAt', lastGoodAt),
    ...instantOf('failsSince', failsSince),
    ...(lastFailure && { failure: { at: lastFailure.at.toISOString(), text: textOf(lastFailure.error) } }),
  };
}

function showProbe(
  { code, cause, durationMs, ...probe }: Probe,
  language: Language,
): z.infer<typeof probeSchema> {
  return {
    ...{ kind: probe.kind, target: probe.target, isGood: probe.isGood, found: probe.found },
    ...(code !== undefined && cause !== undefined && { diagnosis: explain(code, cause, language) }),
    durationMilliseconds: Math.round(durationMs),
  };
}

function instantOf<Name extends string>(name: Name, at: Date | undefined): Partial<Record<Name, string>> {
  return at === undefined ? {} : ({ [name]: at.toISOString() } as Record<Name, string>);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
