/** Of the page of one message id. */
export const exchangePath = (queryId: string) => `/evidence/exchanges/${encodeURIComponent(queryId)}`;
