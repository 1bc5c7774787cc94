import { expect, test, type Page } from '@playwright/test';

/**
 * The pictures of the documentation. `cargo xtask screenshots` takes that of the empty page first, then starts the demo
 * services and takes the others.
 */
const FOLDER = process.env['SCREENSHOTS'] ?? 'e2e/results/tour';
const RECENT = 'v=2&from=now-15m';

test.describe.configure({ mode: 'serial' });

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.setViewportSize({ width: 1440, height: 900 });
});

async function picture(page: Page, name: string): Promise<void> {
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: `${FOLDER}/${name}.png` });
}

async function flameGraph(page: Page): Promise<void> {
  await expect(page.getByTestId('flame-canvas').first()).toBeVisible();
}

/** The newest whole profile of a service. */
async function newestProfile(page: Page, query: string): Promise<string> {
  const answer = await page.request.get('/api/v1/profiles', {
    params: { query, sort: '-start', limit: '2' },
  });
  const { columns } = (await answer.json()) as { columns: { id: string[] } };
  const id = columns.id.at(-1);
  if (!id) throw new Error(`there is no profile of ${query}`);
  return id;
}

test('@empty the page before the first profile', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 2 }).first()).toBeVisible();
  await picture(page, 'onboarding');
});

test('explorer', async ({ page }) => {
  await page.goto(`/?${RECENT}&query=service:shop+version:1.0.3`);
  await flameGraph(page);
  await picture(page, 'explorer');
});

test('lines of own code', async ({ page }) => {
  await page.goto(
    `/?${RECENT}&query=service:shop+version:1.0.3&granularity=line&transform=my-code&by=frame:line`,
  );
  await flameGraph(page);
  await picture(page, 'lines');
});

test('endpoints', async ({ page }) => {
  await page.goto(`/?${RECENT}&query=service:shop&by=label:endpoint&color=kind`);
  await flameGraph(page);
  await picture(page, 'endpoints');
});

test('comparison of two versions', async ({ page }) => {
  const sides = 'a.query=service:shop+version:1.0.3&b.query=service:shop+version:1.0.4';
  const times = 'a.from=now-15m&a.to=now&b.from=now-15m&b.to=now';
  await page.goto(`/compare?v=2&${sides}&${times}&change=rate`);
  await flameGraph(page);
  await picture(page, 'compare');
});

test('timeline', async ({ page }) => {
  const id = await newestProfile(page, 'service:parcels');
  await page.goto(`/profiles/${id}?v=2&tab=timeline`);
  await expect(page.getByRole('tabpanel')).toBeVisible();
  await picture(page, 'timeline');
});

test('lines of a Node service', async ({ page }) => {
  await page.goto(`/?${RECENT}&query=service:parcels&granularity=line&by=frame:line`);
  await flameGraph(page);
  await picture(page, 'node');
});

test('call graph', async ({ page }) => {
  await page.goto(`/?${RECENT}&query=service:parcels&tab=graph`);
  await expect(page.getByRole('tabpanel')).toBeVisible();
  await picture(page, 'call-graph');
});
