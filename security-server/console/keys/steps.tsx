import { apiPath, Steps, type Visit } from '../../../gateway/console/index.ts';
import { textsOf } from './texts.ts';

/** Where one is on the way. @param at index of the step */
export function WizardSteps({ visit, at }: { readonly visit: Visit; readonly at: number }) {
  const { key, service, subject, certificate } = textsOf(visit).steps;
  const steps = [key, service, subject, certificate].map((title, index) => ({
    title,
    state: index < at ? ('done' as const) : index === at ? ('current' as const) : ('waiting' as const),
  }));
  return <Steps steps={steps} />;
}

/** The key of this path, for pages about it. */
export const keyPath = (visit: Visit) => apiPath`/api/v1/keys/${visit.param('key')}`;
