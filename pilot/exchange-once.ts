import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { request } from 'undici';
import { readConfigurationFolder } from '../gateway/configuration/index.ts';
import { createAuditor } from '../security-server/index.ts';
import type { PilotNetwork } from './network.ts';
import { city, instance, ministry, type PilotAdministration } from './plan.ts';

/**
 * Applies for a building permit: one request from the ministry's inspection makes two exchanges, for the city asks
 * the population register. Then verifies the evidence of all of it with the configuration alone.
 * @returns whether every step held
 */
export async function exchangeOnce(
  network: PilotNetwork,
  data: string,
  note: (step: string) => void,
): Promise<boolean> {
  const queryId = `pilot-${randomUUID()}`;
  const service = `${instance}/${city.memberClass}/${city.memberCode}/permits/building-permits`;
  const response = await request(`${network.ministry.clientUrl}/r1/${service}/permits`, {
    method: 'POST',
    headers: {
      'X-Road-Client': `${instance}/${ministry.memberClass}/${ministry.memberCode}/inspection`,
      'X-Road-Id': queryId,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ applicant: 'P-1001', site: '3 Mill Lane, Rivertown', work: 'a garden shed' }),
  });
  const body = await response.body.text();
  if (response.statusCode !== 201) {
    note(`the application was answered ${response.statusCode}: ${body}`);
    return false;
  }
  note(
    'an application for a building permit went to the city and back, and the city asked the population register',
  );

  const atMinistry = await containers(network.ministry.clientUrl, queryId, ministry, 'inspection');
  const atCity = await containers(network.city.clientUrl, queryId, city, 'permits');
  note(`${atMinistry.length + atCity.length} containers were timestamped and downloaded`);
  const auditor = createAuditor(await readConfigurationFolder(join(data, 'city', 'globalconf')));
  let isGood = atMinistry.length === 2 && atCity.length === 2;
  for (const { name, bytes } of [...atMinistry, ...atCity]) {
    const { valid, code, reason, signer } = await auditor.judgeContainer(name, bytes);
    note(`${name}: ${valid ? `valid, signed by ${signer}` : `NOT valid: ${code}: ${reason}`}`);
    isGood &&= valid;
  }
  return isGood;
}

interface DownloadedContainer {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Request and response of one exchange, as one side's information system downloads them. */
async function containers(
  serverUrl: string,
  queryId: string,
  { memberClass, memberCode }: PilotAdministration,
  subsystemCode: string,
): Promise<DownloadedContainer[]> {
  const found: DownloadedContainer[] = [];
  for (const direction of ['requestOnly', 'responseOnly']) {
    const query = new URLSearchParams({
      queryId,
      xRoadInstance: instance,
      memberClass,
      memberCode,
      subsystemCode,
    });
    const response = await request(`${serverUrl}/asic?${query}&unique&force&${direction}`);
    const bytes = Buffer.from(await response.body.arrayBuffer());
    if (response.statusCode !== 200) throw new Error(`no container could be had: ${bytes.toString('utf8')}`);
    found.push({ name: `${subsystemCode} ${direction}`, bytes });
  }
  return found;
}
