/** What a browser needs to know of a file; nothing else of the API's answer is for it. */
const handedOn = ['content-type', 'content-length', 'content-disposition', 'repr-digest', 'cache-control'];

/** Hands a file of the API on to the visitor, as it streams. */
export function handOn({ headers, body }: Response): Response {
  const kept = handedOn.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return new Response(body, { headers: Object.fromEntries(kept) });
}
