/** Asks the administration API of a program. @param path below its version @param why of the change, as it is kept */
export async function askAdmin(
  { adminUrl, apiKey }: { readonly adminUrl: string; readonly apiKey: string },
  method: string,
  path: string,
  body?: unknown,
  why?: string,
) {
  const response = await fetch(`${adminUrl}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      ...(why !== undefined && { 'x-change-reason': encodeURIComponent(why) }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, json: text === '' ? undefined : JSON.parse(text) };
}
