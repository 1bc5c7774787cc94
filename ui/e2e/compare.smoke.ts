import { expect, test } from '@playwright/test';

import { tree } from './steps.ts';

/** Comparisons and call graphs on a real server: see `vesta.smoke.ts` for the variables. */
const url = process.env['VESTA_URL'];
const token = process.env['VESTA_TOKEN'];

test.skip(!url, 'VESTA_URL is not set');

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('/');
  if (!token) return;
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('combobox', { name: 'Search for profiles' }).waitFor();
});

const ALL = '2020-01-01T00:00:00Z';

test('two services are compared in every mode, merged and side by side', async ({ page }) => {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`/compare?v=2&a.from=${ALL}&a.to=now&b.from=${ALL}&b.to=now`);
  await expect(page.getByText(/^As much \S+ per minute in A as in B/)).toBeVisible();
  for (const name of ['Per minute', 'Shares', 'Side by side', 'Line', 'Package', 'Function', 'Merged']) {
    await page.getByRole('radio', { name }).check();
    await expect(tree(page).first()).toBeVisible();
  }
  await expect(page.getByRole('alert')).toHaveCount(0);
  expect(complaints).toEqual([]);
});

test('a profile is compared with its service from its own page', async ({ page }) => {
  await page.goto(`/?v=2&from=${ALL}&to=now&tab=profiles`);
  await page.getByRole('region', { name: 'Profiles' }).getByRole('link').first().click();
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.getByRole('button', { name: 'With its service at the time' }).click();
  await expect(page.getByRole('region', { name: 'Changes' })).toBeVisible();
});

test('the call graph is laid out beside the page, which the policy allows', async ({ page }) => {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(`/?v=2&from=${ALL}&to=now&tab=graph&nodes=20`);
  await expect(page.locator('.graph-node').first()).toBeVisible();
  await page.locator('.graph-node').nth(1).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('list', { name: 'Transforms' })).toContainText('Focused on');
  await expect(page.locator('.graph-node').first()).toContainText('100%');
  expect(complaints).toEqual([]);
});
