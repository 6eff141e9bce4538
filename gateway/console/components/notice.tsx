import type { Child } from 'hono/jsx';

interface NoticeProps {
  readonly kind: 'info' | 'success' | 'warning' | 'danger';
  readonly heading?: string;
  readonly children?: Child;
}

/** Something the visitor should know before the rest of the page. */
export function Notice({ kind, heading, children }: NoticeProps) {
  return (
    <div class="ds-alert wg-notice" data-color={kind} role={kind === 'success' ? 'status' : undefined}>
      {heading !== undefined && (
        <h2 class="ds-heading" data-size="2xs">
          {heading}
        </h2>
      )}
      {typeof children === 'string' ? <p>{children}</p> : children}
    </div>
  );
}
