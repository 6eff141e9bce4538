export { type Asked, type AskedKind, dateOf, HttpStatusError, type NoteAsked } from './asked.ts';
export { AskedBook, type AskedState } from './book.ts';
