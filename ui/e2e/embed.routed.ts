import { expect, test } from '@playwright/test';

import { nodeName } from '../src/model/call-tree.ts';
import { mockApi, NOW } from './mock-api.ts';
import { clickNode, fixtureTree, queryParams, tree } from './steps.ts';

const fixture = fixtureTree();
const checkout = Array.from({ length: fixture.size }, (_, node) => node).find(
  (node) => nodeName(fixture, node) === 'CheckoutView.post',
) as number;

test.beforeEach(async ({ page }) => {
  await page.setViewportSize({ width: 700, height: 300 });
  await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'light' });
  await page.clock.setFixedTime(NOW);
  await mockApi(page);
});

test('embedded there is the flame graph and one line, in the theme of the page around', async ({ page }) => {
  await page.goto('/embed?v=2&query=service:shop-web&theme=dark&zoom=');
  await expect(tree(page)).toBeVisible();
  await expect(page.getByRole('heading', { name: 'service:shop-web' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.locator('.embed-caption')).toContainText('cpu-time 1 h 36 min');
  await expect(page.getByRole('searchbox')).toHaveCount(0);
  expect((await page.getByTestId('flame-canvas').boundingBox())?.height).toBeGreaterThan(230);
});

test('zooming in leaves the history alone, and the link opens all of it', async ({ page }) => {
  await page.goto('/embed?v=2&query=service:shop-web');
  const before = await page.evaluate(() => history.length);
  await page.setViewportSize({ width: 900, height: 700 });
  await clickNode(page, fixture, checkout);
  await expect.poll(() => queryParams(page).get('zoom')).not.toBeNull();
  expect(await page.evaluate(() => history.length)).toBe(before);
  const href = await page.getByRole('link', { name: 'Open in Vesta' }).getAttribute('href');
  expect(href).toMatch(/^\/\?query=service/);
  expect(href).toContain('zoom=');
});

test('an embedded profile says which one it is', async ({ page }) => {
  await page.goto('/embed?v=2&profile=0329af6554c00000');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('shop-web');
  await expect(page.getByRole('link', { name: 'Open in Vesta' })).toHaveAttribute(
    'href',
    /^\/profiles\/0329af6554c00000/,
  );
});

test('an embedded flame graph says all that narrows it', async ({ page }) => {
  await page.goto('/embed?v=2&filter=-thread:worker-1&span=42&transform=my-code');
  await expect(page.locator('.applied')).toContainText('Span42span and children');
  await page.getByRole('button', { name: 'Remove the filter -thread:worker-1' }).click();
  expect(queryParams(page).has('filter')).toBe(false);
  await page.getByRole('button', { name: 'Remove all' }).click();
  await expect(page.locator('.applied')).toHaveCount(0);
});
