import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { CertificateError, parseCertificate } from '../../certs/x509/index.ts';
import {
  certificateProfileSchema,
  classNameOf,
  describeStep,
  formsSchema,
  profileNameSchema,
  readMember,
  type Step,
  shippedProfile,
  shippedProfiles,
  stepCodes,
} from '../../gateway/certificate-profile/index.ts';
import { allow, allowAll, confirmQuery, Problem, requireConfirmed } from '../../gateway/http/index.ts';
import {
  type Book,
  listCertificationServices,
  listOwnProfiles,
  type OwnProfile,
  putOwnProfile,
  removeOwnProfile,
} from '../register/index.ts';
import { actOf } from './act.ts';
import type { AdminContext } from './context.ts';
import { certificateSchema, done, json, jsonBody, readPem, requireOne } from './schemas.ts';

const publishedAsSchema = z
  .string()
  .default(classNameOf('BasicCertificateProfileInfoProvider'))
  .describe(
    'class name in the shared parameters: programs of other makers read subjects by it, and refuse the certificates when they cannot; choose one by which these subjects name the same member, or none',
  );

const changeSchema = certificateProfileSchema
  .omit({ name: true })
  .extend({ publishedAs: publishedAsSchema })
  .openapi('CertificateProfileChange');

const profileSchema = certificateProfileSchema
  .extend({
    publishedAs: z.string(),
    isShipped: z.boolean().describe('one of X-Road, which cannot be changed'),
    usedBy: z.array(z.string()).describe('names of the certification services that go by it'),
  })
  .openapi('CertificateProfile');

type Profile = z.infer<typeof profileSchema>;

const trialSchema = z
  .object({
    profile: z.string().max(255).optional().describe('name of a profile of the instance, or class name'),
    forms: formsSchema.optional().describe('a definition that is not registered, in place of a name'),
    certificate: certificateSchema,
  })
  .refine(({ profile, forms }) => (profile === undefined) !== (forms === undefined), {
    path: ['profile'],
    error: 'either profile or forms is expected, not both',
  })
  .openapi('CertificateProfileTrial');

const fieldSchema = z.enum(['instance', 'memberClass', 'memberCode']);
const stepSchema = z.object({
  code: z.enum(stepCodes),
  text: z.string().describe('what the code means here, for people'),
  form: z.int().optional().describe('which form of the profile, from 1'),
  field: fieldSchema.optional().describe('what is being read'),
  attribute: z.string().optional(),
  seen: z.array(z.string()).optional().describe('values of the attribute in the subject'),
  value: z.string().optional().describe('what the field was read as'),
});

const outcomeSchema = z
  .object({
    subject: z.string().describe('of the certificate, for people'),
    steps: z.array(stepSchema).describe('in their order; when there is no member, the last one failed'),
    member: z.object({ instance: z.string(), memberClass: z.string(), memberCode: z.string() }).optional(),
    failure: z.enum(stepCodes).optional().describe('code of the last step, when there is no member'),
  })
  .openapi('CertificateProfileOutcome');

/** How subjects of signing certificates name members: the profiles of X-Road, and the instance's own. */
export function addCertificateProfileRoutes(app: OpenAPIHono, { register }: AdminContext): void {
  const path = '/api/v1/certificate-profiles';
  const named = z.object({ name: profileNameSchema });

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path,
      responses: { 200: { description: 'those of X-Road, then own ones', ...json(z.array(profileSchema)) } },
    }),
    async (context) => context.json(await register.read(listProfiles), 200),
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'get',
      path: `${path}/{name}`,
      request: { params: named },
      responses: { 200: { description: 'one profile', ...json(profileSchema) } },
    }),
    async (context) => {
      const { name } = context.req.valid('param');
      const all = await register.read(listProfiles);
      return context.json(
        requireOne(all, (one) => one.name === name, name),
        200,
      );
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'put',
      path: `${path}/{name}`,
      description:
        'Adds a profile, or changes it: certificates of the services that name it are read by it from the next configuration on. Security servers of this program get the definition, those of others the class name. To change how certificates are read of which services make use is confirmed first.',
      request: { params: named, query: confirmQuery, body: jsonBody(changeSchema) },
      responses: done,
    }),
    async (context) => {
      const { name } = context.req.valid('param');
      const profile = { ...context.req.valid('json'), name };
      const { confirm } = context.req.valid('query');
      await register.change(actOf(context), async (book) => {
        requireConfirmed(confirm, await warnOfReaders(book, profile));
        await putOwnProfile(book, profile);
      });
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allow('security-officer'),
      method: 'delete',
      path: `${path}/{name}`,
      description: 'Refused while a certification service names it.',
      request: { params: named },
      responses: done,
    }),
    async (context) => {
      const { name } = context.req.valid('param');
      await register.change(actOf(context), (book) => removeOwnProfile(book, name));
      return context.body(null, 204);
    },
  );

  app.openapi(
    createRoute({
      ...allowAll(),
      method: 'post',
      path: `${path}/trial`,
      description: 'Reads a certificate by a profile, step by step; nothing is registered or trusted.',
      request: { body: jsonBody(trialSchema) },
      responses: { 200: { description: 'what was read', ...json(outcomeSchema) } },
    }),
    async (context) => {
      const { profile: wanted, forms, certificate } = context.req.valid('json');
      const own = await register.read(listOwnProfiles);
      const profile =
        forms === undefined
          ? (own.find(({ name }) => name === wanted) ?? shippedProfile(wanted ?? ''))
          : { forms };
      if (profile === undefined) {
        const detail = `'${wanted}' is neither a profile of X-Road nor one of this instance`;
        throw new Problem(404, 'not-found', detail);
      }
      const { subject } = readTried(certificate);
      const { member, steps } = readMember(profile, subject, register.instance);
      const failure = steps.at(-1)?.code;
      return context.json(
        {
          subject: subject.describe(),
          steps: steps.map(showStep),
          ...(member !== undefined && { member }),
          ...(member === undefined && failure !== undefined && { failure }),
        },
        200,
      );
    },
  );
}

async function listProfiles(book: Book): Promise<Profile[]> {
  const services = await listCertificationServices(book);
  const own = await listOwnProfiles(book);
  const usedBy = (isIt: (profile: string) => boolean) =>
    services.filter(({ profile }) => isIt(profile)).map(({ name }) => name);
  const names = new Set(own.map(({ name }) => name));
  return [
    ...shippedProfiles.map((profile) => ({
      ...profile,
      publishedAs: classNameOf(profile.name),
      isShipped: true,
      usedBy: usedBy((name) => !names.has(name) && shippedProfile(name) === profile),
    })),
    ...own.map((profile) => ({
      ...profile,
      isShipped: false,
      usedBy: usedBy((name) => name === profile.name),
    })),
  ];
}

/** Whose certificates would be read otherwise: of another member, or of none. */
async function warnOfReaders(book: Book, { name, publishedAs, forms }: OwnProfile) {
  const before = (await listOwnProfiles(book)).find((one) => one.name === name);
  const isSame =
    before?.publishedAs === publishedAs && JSON.stringify(before.forms) === JSON.stringify(forms);
  const services = (await listCertificationServices(book)).filter(({ profile }) => profile === name);
  if (isSame || services.length === 0) return [];
  const names = services.map((service) => service.name).join(', ');
  const text = `Certificates of ${names} are read by this profile: one that then names another member, or none, signs no more for the member it was issued to.`;
  return [{ code: 'profile-in-use', text }];
}

/** @throws Problem invalid-fields */
function readTried(pem: string) {
  try {
    return parseCertificate(readPem(pem));
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    const errors = [{ pointer: '/certificate', detail: error.message }];
    throw new Problem(422, 'invalid-fields', error.message, { errors, cause: error });
  }
}

function showStep(step: Step): z.infer<typeof stepSchema> {
  const { seen, ...rest } = step;
  return { ...rest, ...(seen !== undefined && { seen: [...seen] }), text: describeStep(step) };
}
