import { config } from 'zod';

// Loaded before any schema is made: schemas that write code of their own would be stopped by the page's policy.
config({ jitless: true });
