/** Of the page of one message id. */
export const exchangePath = (queryId: string) => `/evidence/exchanges/${encodeURIComponent(queryId)}`;

/** Why exchanges of a message id ended as they did. */
export function explainPath(queryId: string): string {
  return `/explain?${new URLSearchParams({ messageId: queryId })}`;
}
