import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { Hono } from 'hono';
import { createPersonDetails } from './person-details.ts';

const person = z
  .object({
    code: z.string().openapi({ example: 'P-1001' }),
    name: z.string(),
    bornOn: z.string().openapi({ example: '1984-05-17' }),
    address: z.string(),
  })
  .openapi('Person');

const change = z.object({ address: z.string().min(1).max(200) }).openapi('AddressChange');
const problem = z.object({ title: z.string() }).openapi('Problem');

type Person = z.infer<typeof person>;

/** People who exist nowhere else. */
const firstPeople: readonly Person[] = [
  { code: 'P-1001', name: 'Alva Lindqvist', bornOn: '1984-05-17', address: '3 Mill Lane, Rivertown' },
  { code: 'P-1002', name: 'Bruno Okafor', bornOn: '1991-11-02', address: '18 Harbour Street, Rivertown' },
  { code: 'P-1003', name: 'Chiara Novak', bornOn: '1972-01-29', address: '7 Orchard Close, Rivertown' },
  { code: 'P-1004', name: 'Dmitri Saar', bornOn: '2001-08-14', address: '22 Station Road, Rivertown' },
];

const json = <T extends z.ZodType>(schema: T, description: string) => ({
  content: { 'application/json': { schema } },
  description,
});

/** The Ministry of the Interior's population register: people by code, a search, and changes of address. */
export function createPopulationRegister(): Hono {
  const people = new Map(firstPeople.map((entry) => [entry.code, entry]));
  const app = new OpenAPIHono();
  const code = z.object({ code: z.string() });

  const getPerson = createRoute({
    method: 'get',
    path: '/persons/{code}',
    summary: 'One person by code',
    request: { params: code },
    responses: { 200: json(person, 'The person'), 404: json(problem, 'Nobody has this code') },
  });
  app.openapi(getPerson, (c) => {
    const found = people.get(c.req.valid('param').code);
    return found === undefined ? c.json({ title: 'Nobody has this code' }, 404) : c.json(found, 200);
  });

  const search = createRoute({
    method: 'get',
    path: '/persons',
    summary: 'People whose name contains a text',
    request: { query: z.object({ name: z.string().min(2) }) },
    responses: { 200: json(z.array(person), 'Those found, by code') },
  });
  app.openapi(search, (c) => {
    const wanted = c.req.valid('query').name.toLowerCase();
    return c.json(
      [...people.values()].filter(({ name }) => name.toLowerCase().includes(wanted)),
      200,
    );
  });

  const changeAddress = createRoute({
    method: 'post',
    path: '/persons/{code}/changes',
    summary: 'Records a change of address',
    request: { params: code, body: { content: { 'application/json': { schema: change } }, required: true } },
    responses: { 201: json(person, 'The person as changed'), 404: json(problem, 'Nobody has this code') },
  });
  app.openapi(changeAddress, (c) => {
    const found = people.get(c.req.valid('param').code);
    if (found === undefined) return c.json({ title: 'Nobody has this code' }, 404);
    const changed = { ...found, address: c.req.valid('json').address };
    people.set(changed.code, changed);
    return c.json(changed, 201);
  });

  app.doc('/openapi.json', {
    openapi: '3.0.3',
    info: { title: 'Population register', version: '1.0.0', description: 'People and where they live.' },
    servers: [{ url: '/v1' }],
  });
  // Paths in the description are relative to its server, /v1, so the prefix is put around them here.
  return new Hono().route('/v1', app).route(
    '/soap',
    createPersonDetails((one) => people.get(one)),
  );
}
