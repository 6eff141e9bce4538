import type { Place } from './cause.ts';

/** Pages of the console on which things are shown and mended. */
export const places: Readonly<Record<Exclude<Place, 'start'>, string>> = {
  tokens: '/diagnostics#certificates',
  certificates: '/diagnostics#certificates',
  configuration: '/diagnostics#configuration',
  timestamping: '/diagnostics#timestamping',
  clock: '/diagnostics#clock',
  disk: '/diagnostics#disk',
  'message-log': '/diagnostics#disk',
  archives: '/diagnostics#disk',
  backups: '/backups',
  clients: '/diagnostics#connections',
  services: '/diagnostics#connections',
  peers: '/diagnostics#connections',
};
