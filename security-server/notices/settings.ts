import { isIP } from 'node:net';
import { z } from '@hono/zod-openapi';
import type { Kysely } from 'kysely';
import type { Token } from '../../certs/token/index.ts';
import { parseCertificate } from '../../certs/x509/index.ts';
import type { SettingsTables } from '../settings/index.ts';

const maxRecipients = 20;
const maxCertificates = 5;

/** Of a mail box, as it goes between `<` and `>`: nothing in it ends a line, or begins another address. */
const addressSchema = z
  .string()
  .max(254)
  .regex(/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/, {
    message: 'a mail address is expected, such as operations@agency.example',
  });
const hostSchema = z
  .string()
  .max(253)
  .refine((host) => isIP(host) !== 0 || /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(host), {
    message: 'a host name or IP address is expected',
  });
const certificatesSchema = z
  .array(z.string().max(20_000))
  .max(maxCertificates)
  .default([])
  .describe('PEM, taken from the receiver instead of those of public authorities; none: public ones');
const plainText = /^[^\p{Cc}]*$/u;

const mailSchema = z.strictObject({
  host: hostSchema,
  port: z.int().min(1).max(65_535),
  security: z
    .enum(['starttls', 'tls', 'none'])
    .default('starttls')
    .describe(
      'starttls: the connection is refused unless it becomes encrypted; none: in the clear, without user',
    ),
  user: z.string().min(1).max(200).regex(plainText).optional(),
  sender: addressSchema,
  recipients: z
    .array(addressSchema)
    .min(1)
    .max(maxRecipients)
    .refine((all) => new Set(all).size === all.length, 'each address once')
    .describe('each gets messages of its own'),
  certificates: certificatesSchema,
});

const webhookSchema = z.strictObject({
  url: z
    .string()
    .max(2_000)
    .refine(
      isWebhookUrl,
      'an https address is expected, without user and fragment; http only on this machine',
    ),
  certificates: certificatesSchema,
});

/** How people are told, as it is shown. */
export const noticeSettingsSchema = z.strictObject({
  language: z.enum(['en', 'de']).default('en'),
  mail: mailSchema.extend({ hasPassword: z.boolean() }).optional(),
  webhook: webhookSchema.optional(),
});
export type NoticeSettings = z.infer<typeof noticeSettingsSchema>;

/** How people are told, as it is given. */
export const givenSettingsSchema = z.strictObject({
  language: z.enum(['en', 'de']).default('en'),
  mail: mailSchema
    .extend({
      password: z
        .string()
        .min(1)
        .max(500)
        .regex(plainText)
        .optional()
        .describe(
          'of the user; never shown again; left out: as it is, for the same host, port, TLS and user',
        ),
    })
    .optional(),
  webhook: webhookSchema
    .extend({
      secret: z
        .string()
        .min(16)
        .max(500)
        .optional()
        .describe('signs what is sent; never shown again; left out: as it is'),
    })
    .optional(),
});
export type GivenSettings = z.infer<typeof givenSettingsSchema>;

/** As they are kept: with what the token sealed. */
const keptSchema = z.object({
  language: z.enum(['en', 'de']),
  mail: mailSchema.extend({ sealedPassword: z.string().optional() }).optional(),
  webhook: webhookSchema.extend({ sealedSecret: z.string() }).optional(),
});
export type KeptSettings = z.infer<typeof keptSchema>;

export type Sealing = Pick<Token, 'wrapKey' | 'unwrapKey' | 'isActive'>;

export const purposes = { password: 'notices: mail password', secret: 'notices: webhook secret' } as const;

export class NoticeSettingsError extends Error {
  override readonly name = 'NoticeSettingsError';
  readonly code: 'password-needed' | 'password-in-clear' | 'secret-needed';

  constructor(code: NoticeSettingsError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const name = 'notices';

export async function readNoticeSettings(db: Kysely<SettingsTables>): Promise<KeptSettings> {
  const row = await db.selectFrom('server').select('value').where('name', '=', name).executeTakeFirst();
  return row === undefined ? { language: 'en' } : keptSchema.parse(JSON.parse(row.value));
}

export async function writeNoticeSettings(db: Kysely<SettingsTables>, kept: KeptSettings): Promise<void> {
  const value = JSON.stringify(kept);
  await db
    .insertInto('server')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

/**
 * Seals what is secret, and keeps what was not given anew.
 * @throws NoticeSettingsError; TokenError not-active; CertificateError for a certificate that is none
 */
export function settle(given: GivenSettings, former: KeptSettings, token: Sealing): KeptSettings {
  const { language, mail, webhook } = given;
  for (const pem of [mail, webhook].flatMap((one) => one?.certificates ?? [])) {
    parseCertificate(Buffer.from(pem));
  }
  return {
    language,
    ...(mail !== undefined && { mail: settleMail(mail, former.mail, token) }),
    ...(webhook !== undefined && { webhook: settleWebhook(webhook, former.webhook, token) }),
  };
}

function settleMail(
  { password, ...mail }: NonNullable<GivenSettings['mail']>,
  former: KeptSettings['mail'],
  token: Sealing,
): NonNullable<KeptSettings['mail']> {
  if (mail.user === undefined) {
    if (password === undefined) return mail;
    throw new NoticeSettingsError(
      'password-needed',
      'A password is for a user; name the user, or leave it out',
    );
  }
  if (mail.security === 'none') {
    const why = 'A password is not sent in the clear; choose TLS, or leave the user out';
    throw new NoticeSettingsError('password-in-clear', why);
  }
  if (password !== undefined) {
    return { ...mail, sealedPassword: token.wrapKey(Buffer.from(password), purposes.password) };
  }
  // Who may set the host, and does not know the password, must not have it sent elsewhere.
  const isSame =
    former !== undefined &&
    (['host', 'port', 'security', 'user'] as const).every((field) => former[field] === mail[field]) &&
    former.certificates.join() === mail.certificates.join();
  if (isSame && former.sealedPassword !== undefined) {
    return { ...mail, sealedPassword: former.sealedPassword };
  }
  const why = 'The password is kept for the same host, port, TLS and user only; give it with these';
  throw new NoticeSettingsError('password-needed', why);
}

function settleWebhook(
  { secret, ...webhook }: NonNullable<GivenSettings['webhook']>,
  former: KeptSettings['webhook'],
  token: Sealing,
): NonNullable<KeptSettings['webhook']> {
  if (secret !== undefined) {
    return { ...webhook, sealedSecret: token.wrapKey(Buffer.from(secret), purposes.secret) };
  }
  if (former !== undefined) return { ...webhook, sealedSecret: former.sealedSecret };
  throw new NoticeSettingsError('secret-needed', 'A webhook needs a secret that signs what it is sent');
}

/** Without what is secret. */
export function showSettings({ language, mail, webhook }: KeptSettings): NoticeSettings {
  const { sealedPassword, ...mailShown } = mail ?? {};
  const { sealedSecret: _sealed, ...webhookShown } = webhook ?? {};
  return noticeSettingsSchema.parse({
    language,
    ...(mail !== undefined && { mail: { ...mailShown, hasPassword: sealedPassword !== undefined } }),
    ...(webhook !== undefined && { webhook: webhookShown }),
  });
}

/** Without a certificate nobody on the way can be kept from reading it: only this machine is spoken to so. */
function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '' || hash !== '') return false;
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return protocol === 'https:' || (protocol === 'http:' && isHere);
}
