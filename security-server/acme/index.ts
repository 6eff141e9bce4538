export { CertificateOrders, type OrderView } from './orders.ts';
export { acmeAuthorities } from './select-authority.ts';
export { type AcmeSettings, acmeSettingsSchema } from './settings.ts';
