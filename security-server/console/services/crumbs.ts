import type { Crumb, Visit } from '../../../gateway/console/index.ts';
import { crumbsOf } from '../clients/index.ts';
import { servicePath, servicesPath } from './answers.ts';
import { textsOf } from './texts.ts';

/** The pages above one of a service. @param isBelow whether the service's own is among them */
export function serviceCrumbs(visit: Visit, isBelow = true): readonly Crumb[] {
  const [client, service] = [visit.param('client'), visit.param('service')];
  return [
    ...crumbsOf(visit),
    { href: servicesPath(client), text: textsOf(visit).services },
    ...(isBelow ? [{ href: servicePath(client, service), text: service }] : []),
  ];
}
