export { FirstStart } from './door.ts';
export { addFirstStartRoutes } from './routes.ts';
export { firstStartFetch } from './serve.ts';
