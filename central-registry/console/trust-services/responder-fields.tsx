import { Details, Field, type FormProblem, type Values, type Visit } from '../../../gateway/console/index.ts';
import { textsOf } from '../texts.ts';
import type { OcspResponder } from './answers.ts';
import { CertificateField, CostField, given } from './fields.tsx';

/** Responders of one authority that a form takes: more than any has. */
const maxResponders = 10;

const places = Array.from({ length: maxResponders }, (_, index) => index);
const nameOf = (field: string, place: number) => `${field}${place}`;

/** Names of the fields of all responders. */
export const responderFields = places.flatMap((place) =>
  ['url', 'costType', 'ocsp'].map((field) => nameOf(field, place)),
);

/** What a form said of responders; one without a URL is left out. */
export function respondersOf(values: Values): readonly object[] {
  return places.flatMap((place) => {
    const url = values[nameOf('url', place)] ?? '';
    const [certificate, costType] = [values[nameOf('ocsp', place)], values[nameOf('costType', place)]];
    return url === '' ? [] : [{ url, ...given({ certificate, costType }) }];
  });
}

export function responderValues(responders: readonly OcspResponder[]): Values {
  return Object.fromEntries(
    responders.flatMap(({ url, costType, certificate }, place) => [
      [nameOf('url', place), url],
      [nameOf('costType', place), costType],
      [nameOf('ocsp', place), certificate],
    ]),
  );
}

interface Props {
  readonly visit: Visit;
  readonly values: Values;
  readonly problems: readonly FormProblem[];
}

/** The responders there are, and room for one more. */
export function ResponderFields({ visit, ...shared }: Props) {
  const { trust } = textsOf(visit);
  const last = places.findLast((place) => (shared.values[nameOf('url', place)] ?? '') !== '') ?? -1;
  return (
    <>
      <p class="wg-hint">{trust.respondersLead}</p>
      {places.slice(0, last + 2).map((place) => (
        <Details summary={trust.responder(place + 1)} isOpen={true}>
          <Field
            name={nameOf('url', place)}
            label={trust.responderUrl(place + 1)}
            type="url"
            maxLength={500}
            isOptional
            {...shared}
          />
          <CostField visit={visit} name={nameOf('costType', place)} {...shared} />
          <CertificateField
            visit={visit}
            name={nameOf('ocsp', place)}
            hint={trust.responderCertificateHint}
            isOptional
            {...shared}
          />
        </Details>
      ))}
    </>
  );
}
