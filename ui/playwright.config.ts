import { defineConfig } from '@playwright/test';

const root = process.getuid?.() === 0;

/** Makes fonts and colors the same on every machine, and keeps the browser from talking to anyone. */
const CHROMIUM_FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--font-render-hinting=none',
  '--disable-lcd-text',
  '--disable-font-subpixel-positioning',
  '--force-device-scale-factor=1',
  ...(root ? ['--no-sandbox'] : []),
];

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'e2e/results',
  fullyParallel: true,
  workers: 2,
  // Bounds for what hangs, not measures: machines that build at the same time are slow.
  timeout: 240_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    viewport: { width: 1440, height: 900 },
    launchOptions: { executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: CHROMIUM_FLAGS },
    trace: 'retain-on-failure',
  },
  projects: [
    // Not a test: pictures of every view, for looking at and for the README.
    {
      name: 'screenshots',
      testMatch: /.*\.screenshots\.ts/,
      use: { baseURL: 'http://127.0.0.1:4173', trace: 'off' },
    },
    // Not a test either: the pictures of the documentation, of a real server with the demo services.
    {
      name: 'tour',
      testMatch: /.*\.tour\.ts/,
      use: { baseURL: process.env['VESTA_URL'] ?? 'http://127.0.0.1:8378', trace: 'off' },
    },
    // The built page with the fixtures in the place of the server.
    { name: 'routed', testMatch: /.*\.routed\.ts/, use: { baseURL: 'http://127.0.0.1:4173' } },
    // The built page as a real server sends it.
    {
      name: 'smoke',
      testMatch: /.*\.smoke\.ts/,
      expect: { timeout: 120_000 },
      use: { baseURL: process.env['VESTA_URL'] ?? 'http://127.0.0.1:8378' },
    },
  ],
  webServer: {
    command: 'npm run --silent preview -- --host 127.0.0.1 --port 4173 --strictPort',
    url: 'http://127.0.0.1:4173/',
    reuseExistingServer: true,
    timeout: 240_000,
  },
});
