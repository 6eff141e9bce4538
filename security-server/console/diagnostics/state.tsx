import { Copyable, Facts, Instant, Section, Tag, type Visit } from '../../../gateway/console/index.ts';
import type { Report } from './report.ts';
import { textsOf } from './texts.ts';

/** The state of what exchange depends on, good or not. */
export function State({ visit, report }: { readonly visit: Visit; readonly report: Report }) {
  const t = textsOf(visit);
  const { configuration, timestamping, clock, disk, backups } = report;
  return (
    <>
      <div id="configuration">
        <Section title={t.configuration} lead={t.configurationLead}>
          <Facts
            rows={[
              [t.instance, <Copyable text={configuration.instance} what={t.instance} />],
              [t.inForceUntil, configuration.expiresAt && <Instant at={configuration.expiresAt} />],
              [t.fetchedAt, configuration.fetchedAt && <Instant at={configuration.fetchedAt} />],
            ]}
          />
        </Section>
      </div>
      <div id="timestamping">
        <Section title={t.timestamping}>
          <Facts
            rows={[
              [
                t.lastTimestamp,
                timestamping.lastTimestampAt && <Instant at={timestamping.lastTimestampAt} />,
              ],
              [t.waiting, String(timestamping.recordsWithoutTimestamp)],
            ]}
          />
        </Section>
      </div>
      <div id="clock">
        <Section title={t.clock} lead={t.clockLead}>
          <Facts
            rows={[
              [t.difference, <Difference visit={visit} aheadMs={clock.aheadMilliseconds} />],
              [t.comparedWith, t.addresses(clock.observations.length)],
            ]}
          />
        </Section>
      </div>
      <div id="disk">
        <Section title={t.diskAndBackups}>
          <Facts
            rows={[
              [
                t.state,
                <Tag
                  text={t.levels[disk.level] ?? disk.level}
                  color={disk.level === 'ample' ? 'success' : 'warning'}
                />,
              ],
              [
                t.forecast,
                disk.daysUntilFull === undefined ? t.noForecast : t.fullIn(disk.daysUntilFull.toFixed(1)),
              ],
              [
                t.free,
                disk.bytesFree === undefined ? undefined : `${(disk.bytesFree / 2 ** 30).toFixed(1)} GiB`,
              ],
              [t.newestBackup, backups.newestAt && <Instant at={backups.newestAt} />],
            ]}
          />
        </Section>
      </div>
    </>
  );
}

function Difference({ visit, aheadMs }: { readonly visit: Visit; readonly aheadMs: number | undefined }) {
  const t = textsOf(visit);
  if (aheadMs === undefined) return <Tag text={t.nobodySaid} />;
  const seconds = Math.abs(aheadMs / 1000).toFixed(1);
  if (Math.abs(aheadMs) < 1_000) return <Tag text={t.agrees} color="success" />;
  const color = Math.abs(aheadMs) > 10_000 ? 'danger' : 'success';
  return <Tag text={aheadMs > 0 ? t.ahead(seconds) : t.behind(seconds)} color={color} />;
}
