import { asOctetString, DerError, readDer } from '../der/index.ts';

/** Curves by the DER of their names, with the octets of a coordinate. */
export const curves = [
  { name: 'P-256', parameters: Buffer.from('06082a8648ce3d030107', 'hex'), octets: 32 },
  { name: 'P-384', parameters: Buffer.from('06052b81040022', 'hex'), octets: 48 },
] as const;

/**
 * @param parameters CKA_EC_PARAMS
 * @param point CKA_EC_POINT: an octet string around the point, or, of some devices, the point itself
 * @returns undefined for another curve, or a form that is not understood
 */
export function ecJwk(parameters: Buffer, point: Buffer): Readonly<Record<string, string>> | undefined {
  const curve = curves.find((one) => one.parameters.equals(parameters));
  if (curve === undefined) return undefined;
  const { name, octets } = curve;
  const raw = point.length === 2 * octets + 1 ? point : unwrap(point);
  if (raw === undefined || raw.length !== 2 * octets + 1 || raw[0] !== 4) return undefined;
  const [x, y] = [raw.subarray(1, 1 + octets), raw.subarray(1 + octets)];
  return { kty: 'EC', crv: name, x: x.toString('base64url'), y: y.toString('base64url') };
}

export function rsaJwk(modulus: Buffer, exponent: Buffer): Readonly<Record<string, string>> {
  return { kty: 'RSA', n: withoutZeros(modulus), e: withoutZeros(exponent) };
}

/** JWK wants no leading zeros; devices may write some. @see RFC 7518 §6.3.1 */
function withoutZeros(number: Buffer): string {
  let at = 0;
  while (at < number.length - 1 && number[at] === 0) at += 1;
  return number.subarray(at).toString('base64url');
}

function unwrap(point: Buffer): Buffer | undefined {
  try {
    return Buffer.from(asOctetString(readDer(point)));
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
