export { addFirstPages } from './first-pages.tsx';
export { addJoinPages, joinTodos } from './pages.tsx';
