/** A certificate that was uploaded, as the API takes it: PEM as it is, DER in base64. '' when there is no file. */
export async function certificateOf(form: FormData, name: string): Promise<string> {
  const file = form.get(name);
  if (!(file instanceof File) || file.size === 0) return '';
  const octets = Buffer.from(await file.arrayBuffer());
  const text = octets.toString('latin1');
  return text.includes('-----BEGIN') ? text : octets.toString('base64');
}

/** Every certificate of a PEM file, or the one of a DER file. */
export async function certificatesOf(form: FormData, name: string): Promise<readonly string[]> {
  const given = await certificateOf(form, name);
  if (given === '') return [];
  return given.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [given];
}
