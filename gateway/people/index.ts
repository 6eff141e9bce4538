export { userCommand } from './commands.ts';
export { checkFirstPerson, createFirstPerson, type FirstPerson, peoplePath } from './first-person.ts';
export { People } from './people.ts';
export { addPeopleRoutes } from './routes.ts';
