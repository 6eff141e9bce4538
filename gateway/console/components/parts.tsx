import type { Child } from 'hono/jsx';

interface DetailsProps {
  readonly summary: string;
  readonly isOpen?: boolean;
  readonly children?: Child;
}

/** What most visitors do not need at once. */
export function Details({ summary, isOpen, children }: DetailsProps) {
  return (
    <details class="ds-details wg-details" open={isOpen}>
      <summary>{summary}</summary>
      <div>{children}</div>
    </details>
  );
}

/** A file to take away. */
export function Download({
  href,
  text,
  name,
}: {
  readonly href: string;
  readonly text: string;
  readonly name?: string;
}) {
  return (
    <a class="ds-button" data-variant="secondary" href={href} download={name ?? ''}>
      {text}
    </a>
  );
}

/** In place of a table without rows: why it is empty, and what to do. */
export function EmptyState({ title, children }: { readonly title: string; readonly children?: Child }) {
  return (
    <div class="wg-empty">
      <p>
        <strong>{title}</strong>
      </p>
      {typeof children === 'string' ? <p>{children}</p> : children}
    </div>
  );
}

/** A link that looks like a button: it leads to a page, and changes nothing. */
export function LinkButton({
  href,
  text,
  isQuiet,
}: {
  readonly href: string;
  readonly text: string;
  readonly isQuiet?: boolean;
}) {
  return (
    <a class="ds-button" data-variant={isQuiet ? 'secondary' : undefined} href={href}>
      {text}
    </a>
  );
}

/** A part of a page under its own heading. */
export function Section({
  title,
  lead,
  children,
}: {
  readonly title: string;
  readonly lead?: string;
  readonly children?: Child;
}) {
  return (
    <section class="wg-section">
      <h2 class="ds-heading" data-size="xs">
        {title}
      </h2>
      {lead !== undefined && <p class="wg-hint">{lead}</p>}
      {children}
    </section>
  );
}

/** Names and what they are, side by side. Rows without a value are left out. */
export function Facts({
  rows,
}: {
  readonly rows: readonly (readonly [name: string, value: Child | undefined])[];
}) {
  return (
    <dl class="wg-facts">
      {rows
        .filter(([, value]) => value !== undefined && value !== '')
        .map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
