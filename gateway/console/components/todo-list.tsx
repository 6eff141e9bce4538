import { Instant } from './instant.tsx';

/** Something that waits for somebody. */
export interface Todo {
  readonly text: string;
  readonly href: string;
  /** What is done there, in a word. */
  readonly act: string;
  readonly at?: string;
}

/** What needs doing, each with the way to it. @param nothing said when there is nothing */
export function TodoList({ todos, nothing }: { readonly todos: readonly Todo[]; readonly nothing: string }) {
  if (todos.length === 0) return <p>{nothing}</p>;
  return (
    <ul class="wg-todo">
      {todos.map(({ text, href, act, at }) => (
        <li>
          <span>
            {text} {at !== undefined && <Instant at={at} />}
          </span>
          <a class="ds-link" href={href} aria-label={`${act}: ${text}`}>
            {act}
          </a>
        </li>
      ))}
    </ul>
  );
}

/** How many there are of something, and the way to them. */
export function Card({
  href,
  text,
  count,
}: {
  readonly href: string;
  readonly text: string;
  readonly count: number | string;
}) {
  return (
    <li>
      <a class="wg-card" href={href}>
        <span class="wg-card-number">{count}</span>
        <span>{text}</span>
      </a>
    </li>
  );
}
