import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Fault } from '../../gateway/fault/index.ts';
import { type ClientId, equal, identifiersNamespace, providerOf } from '../../gateway/identifier/index.ts';
import type { SoapCall, SoapServiceAnswer } from '../../gateway/provider-side/index.ts';
import { writeIdentifier } from '../../gateway/soap/index.ts';
import { child, textOf, type XmlElement } from '../../gateway/xml/index.ts';
import { type OperationalRecord, operationalFields } from './operational-record.ts';
import type { OperationalStore } from './operational-store.ts';
import { type ServiceHealthBook, type Statistics, statisticsPeriodSeconds } from './service-health.ts';
import { field, readOptionalClient, readOutputSpec } from './xml.ts';

const namespace = 'http://x-road.eu/xsd/op-monitoring.xsd';
const attachmentName = 'operational-monitoring-data.json.gz';

const compress = promisify(gzip);

export interface OperationalAnswerContext {
  readonly store: OperationalStore;
  /** Records younger than this may still be on their way to the disk. Seconds. */
  readonly offsetSeconds: number;
  readonly now: Date;
}

/**
 * `getSecurityServerOperationalData`: the server's owner and the monitoring client see every exchange, others their
 * own only.
 * @param seesAll whether the caller is one of the former
 * @throws Fault InvalidRequest, InvalidXml
 * @see X-Road operational monitoring protocol, retrieving operational data
 */
export async function answerOperationalData(
  { header, body }: SoapCall,
  seesAll: boolean,
  { store, offsetSeconds, now }: OperationalAnswerContext,
): Promise<SoapServiceAnswer> {
  const criteria = child(body, 'searchCriteria', namespace);
  if (criteria === undefined) throw new Fault('InvalidRequest', 'The question lacks <searchCriteria>');
  const from = readSecond(criteria, 'recordsFrom');
  const asked = readSecond(criteria, 'recordsTo');
  if (asked < from) throw new Fault('InvalidRequest', 'recordsTo is before recordsFrom');
  const firstTooYoung = Math.floor(now.getTime() / 1000) - offsetSeconds;
  if (from >= firstTooYoung) {
    throw new Fault(
      'InvalidRequest',
      `recordsFrom must lie more than ${offsetSeconds} s in the past: younger records are not complete`,
    );
  }
  const output = readOutputSpec(body, namespace);
  const strange = [...(output ?? [])].find((name) => !operationalFields.has(name));
  if (strange !== undefined) {
    throw new Fault('InvalidRequest', `outputSpec asks for '${strange.slice(0, 80)}', which is no field`);
  }
  const wanted = readOptionalClient(criteria, namespace);
  const parties: ClientId[] = [
    ...(wanted === undefined ? [] : [wanted]),
    ...(seesAll ? [] : [header.client]),
  ];
  const to = Math.min(asked, firstTooYoung - 1);
  const { records, nextFrom } = store.find({ from, to, parties });
  const next = nextFrom ?? (asked > to ? to + 1 : undefined);
  const shown = output === undefined ? records : records.map((record) => narrowed(record, output));
  return {
    body:
      `<om:getSecurityServerOperationalDataResponse xmlns:om="${namespace}">` +
      field('om:recordsCount', records.length) +
      field('om:records', `cid:${attachmentName}`) +
      field('om:nextRecordsFrom', next) +
      '</om:getSecurityServerOperationalDataResponse>',
    attachments: [
      {
        headers: [
          ['content-type', 'application/gzip'],
          ['content-transfer-encoding', 'binary'],
          ['content-id', `<${attachmentName}>`],
        ],
        bytes: await compress(JSON.stringify({ records: shown })),
      },
    ],
  };
}

function narrowed(record: OperationalRecord, names: ReadonlySet<string>): Partial<OperationalRecord> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => names.has(name)));
}

function readSecond(criteria: XmlElement, name: string): number {
  const element = child(criteria, name, namespace);
  const text = element === undefined ? '' : textOf(element).trim();
  if (!/^\d{1,12}$/.test(text)) {
    throw new Fault('InvalidRequest', `<${name}> is a whole number of seconds since 1970`);
  }
  return Number(text);
}

/**
 * `getSecurityServerHealthData`: how each service of this server fared lately, for anyone who asks.
 * @see X-Road operational monitoring protocol, retrieving health data
 */
export function answerHealthData({ body }: SoapCall, book: ServiceHealthBook, now: Date): SoapServiceAnswer {
  const filter = child(body, 'filterCriteria', namespace);
  const wanted = filter && readOptionalClient(filter, namespace);
  const services = book
    .all(now)
    .filter(({ service }) => wanted === undefined || equal(providerOf(service), wanted));
  const events = services.map(
    (one) =>
      '<om:serviceEvents>' +
      writeIdentifier('om:service', one.service) +
      field('om:lastSuccessfulRequestTimestamp', one.lastSuccessAt) +
      field('om:lastUnsuccessfulRequestTimestamp', one.lastFailureAt) +
      field('om:serviceType', one.serviceType) +
      '<om:lastPeriodStatistics>' +
      field('om:successfulRequestCount', one.successes) +
      field('om:unsuccessfulRequestCount', one.failures) +
      statistics('request', 'Duration', one.duration) +
      statistics('request', 'Size', one.requestSize) +
      statistics('response', 'Size', one.responseSize) +
      '</om:lastPeriodStatistics></om:serviceEvents>',
  );
  return {
    body:
      `<om:getSecurityServerHealthDataResponse xmlns:om="${namespace}" xmlns:id="${identifiersNamespace}">` +
      field('om:monitoringStartupTimestamp', book.startedAt) +
      field('om:statisticsPeriodSeconds', statisticsPeriodSeconds) +
      `<om:servicesEvents>${events.join('')}</om:servicesEvents>` +
      '</om:getSecurityServerHealthDataResponse>',
  };
}

function statistics(what: 'request' | 'response', measure: 'Duration' | 'Size', of: Statistics | undefined) {
  if (of === undefined) return '';
  return (
    field(`om:${what}Min${measure}`, Math.round(of.min)) +
    field(`om:${what}Average${measure}`, of.average) +
    field(`om:${what}Max${measure}`, Math.round(of.max)) +
    field(`om:${what}${measure}StdDev`, of.deviation)
  );
}
