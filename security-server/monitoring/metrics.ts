import { createHash } from 'node:crypto';
import { readdir, statfs } from 'node:fs/promises';
import { availableParallelism, freemem, loadavg, release, totalmem, type } from 'node:os';
import { Fault } from '../../gateway/fault/index.ts';
import { printFull, type ServerId } from '../../gateway/identifier/index.ts';
import type { SoapCall, SoapServiceAnswer } from '../../gateway/provider-side/index.ts';
import { proxyVersion } from '../../gateway/road/index.ts';
import type { OwnCertificate } from '../signer/index.ts';
import { field, readOutputSpec } from './xml.ts';

const namespace = 'http://x-road.eu/xsd/monitoring';

type Metric =
  | { readonly kind: 'metricSet'; readonly name: string; readonly metrics: readonly Metric[] }
  | { readonly kind: 'numericMetric'; readonly name: string; readonly value: number }
  | { readonly kind: 'stringMetric'; readonly name: string; readonly value: string };

export interface MetricsContext {
  readonly serverId: ServerId;
  /** Folder whose disk the server fills. */
  readonly data: string;
  readonly certificates: () => Promise<readonly OwnCertificate[]>;
}

/**
 * `getSecurityServerMetrics`: the environment of this server, as it is now.
 * @param mayAsk whether the caller is the server's owner or the monitoring client
 * @throws Fault MissingHeaderField without security server, AccessDenied, InvalidRequest
 * @see X-Road environmental monitoring messages
 */
export async function answerMetrics(
  { header, body }: SoapCall,
  mayAsk: boolean,
  context: MetricsContext,
): Promise<SoapServiceAnswer> {
  if (header.securityServer === undefined) {
    throw new Fault('MissingHeaderField', "Metrics are asked of one server: header field 'securityServer'");
  }
  if (!mayAsk) {
    const message = `${printFull(header.client)} is neither owner nor monitoring client of this server`;
    throw new Fault('AccessDenied', message);
  }
  const wanted = readOutputSpec(body, namespace);
  const all = await collect(context);
  const shown = wanted === undefined ? all : all.flatMap((metric) => narrowed(metric, wanted));
  const root = { kind: 'metricSet', name: printFull(context.serverId), metrics: shown } as const;
  return {
    body: `<m:getSecurityServerMetricsResponse xmlns:m="${namespace}">${write(root)}</m:getSecurityServerMetricsResponse>`,
  };
}

/** A metric asked for by name, or a set with those of its own that were. */
function narrowed(metric: Metric, wanted: ReadonlySet<string>): Metric[] {
  if (wanted.has(metric.name)) return [metric];
  if (metric.kind !== 'metricSet') return [];
  const metrics = metric.metrics.flatMap((one) => narrowed(one, wanted));
  return metrics.length === 0 ? [] : [{ ...metric, metrics }];
}

async function collect({ data, certificates }: MetricsContext): Promise<Metric[]> {
  const disk = await statfs(data);
  const own = await certificates();
  return [
    text('proxyVersion', proxyVersion),
    {
      kind: 'metricSet',
      name: 'systemMetrics',
      metrics: [
        text('OperatingSystem', `${type()} ${release()}`),
        number('SystemCpuLoad', Math.round(((loadavg()[0] ?? 0) / availableParallelism()) * 100)),
        number('TotalPhysicalMemory', totalmem()),
        number('FreePhysicalMemory', freemem()),
        number('CommittedVirtualMemory', process.memoryUsage.rss()),
        ...(await openFiles()),
        number('DiskSpaceTotal', disk.blocks * disk.bsize),
        number('DiskSpaceFree', disk.bavail * disk.bsize),
      ],
    },
    { kind: 'metricSet', name: 'Certificates', metrics: own.map(certificateMetrics) },
  ];
}

/** Linux tells; elsewhere the metric is left out. */
async function openFiles(): Promise<Metric[]> {
  if (process.platform !== 'linux') return [];
  return [number('OpenFileDescriptorCount', (await readdir('/proc/self/fd')).length)];
}

function certificateMetrics({ certificate, use, isActive }: OwnCertificate): Metric {
  const sha1 = createHash('sha1').update(certificate.der).digest('hex');
  return {
    kind: 'metricSet',
    name: `certificate-${sha1}`,
    metrics: [
      text('sha1hash', sha1),
      text('notBefore', certificate.notBefore.toISOString()),
      text('notAfter', certificate.notAfter.toISOString()),
      text('certificateType', use === 'signing' ? 'SIGN' : 'AUTH'),
      text('active', String(isActive)),
    ],
  };
}

function number(name: string, value: number): Metric {
  return { kind: 'numericMetric', name, value };
}

function text(name: string, value: string): Metric {
  return { kind: 'stringMetric', name, value };
}

function write(metric: Metric): string {
  const content =
    metric.kind === 'metricSet' ? metric.metrics.map(write).join('') : field('m:value', metric.value);
  return `<m:${metric.kind}>${field('m:name', metric.name)}${content}</m:${metric.kind}>`;
}
