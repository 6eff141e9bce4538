export { postSigned, type Webhook, type WebhookAnswer } from './post-signed.ts';
