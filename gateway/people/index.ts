export { People } from './people.ts';
export { addPeopleRoutes } from './routes.ts';
