import { defineConfig } from 'vitest/config';

const outside = ['**/node_modules/**', 'dist/**'];

/** `unit`: quick, in one process. `journeys`: start programs, sockets and browsers, each file on its own. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...outside, '**/journeys/**'],
          pool: 'threads',
          isolate: false,
          maxWorkers: 2,
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'journeys',
          include: ['**/journeys/**/*.test.ts'],
          exclude: outside,
          globalSetup: ['tools/build-for-journeys.ts'],
          pool: 'forks',
          // More at once, and those that wait for each other's programs come near their limits.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
