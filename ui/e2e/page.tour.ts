import { expect, test, type Page } from '@playwright/test';

/**
 * The pictures of the documentation: `cargo xtask screenshots` starts the server and the demo services they show.
 */
const FOLDER = process.env['SCREENSHOTS'] ?? 'e2e/results/tour';
const SCOPE = 'v=2&from=now-15m&query=';

test.describe.configure({ mode: 'serial' });

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.setViewportSize({ width: 1440, height: 900 });
});

async function settled(page: Page): Promise<void> {
  await expect(page.getByTestId('flame-canvas').first()).toBeVisible();
  await page.waitForLoadState('networkidle');
}

test('explorer', async ({ page }) => {
  await page.goto(`/?${SCOPE}service:shop`);
  await settled(page);
  await page.screenshot({ path: `${FOLDER}/explorer.png` });
});
