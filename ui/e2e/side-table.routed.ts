import { readFile } from 'node:fs/promises';

import { expect, test, type Page } from '@playwright/test';

import { mockApi, NOW } from './mock-api.ts';
import { clickNode, fixtureTree, queryParams, tree } from './steps.ts';
import { nodeName } from '../src/model/call-tree.ts';

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.clock.setFixedTime(NOW);
});

function region(page: Page, name: string) {
  return page.getByRole('region', { name, exact: true });
}

test('rows by endpoint have calls and cost per call, and filter the flame graph', async ({ page }) => {
  const mock = await mockApi(page);
  await page.goto('/');
  await page.getByRole('button', { name: 'Rows of the table: function' }).click();
  await page.getByRole('option', { name: 'endpoint', exact: true }).click();
  const endpoints = region(page, 'Endpoint');
  await expect(endpoints.getByRole('row').nth(1)).toContainText('26 min 54 s 28.0%48,21033.5 ms');
  await endpoints.getByRole('button', { name: 'Per call' }).click();
  await expect(endpoints.getByRole('row').nth(1)).toContainText('POST /checkout');

  const row = endpoints.getByRole('button', { name: 'GET /orders', exact: true });
  await row.click();
  await expect(row).toHaveAttribute('aria-pressed', 'true');
  expect(queryParams(page).getAll('filter')).toEqual(['endpoint:GET /orders']);
  await expect(page.getByLabel('Label filters')).toContainText('endpoint:GET /orders');
  // The flame graph is filtered, the table goes on showing what else could be chosen.
  await expect
    .poll(() => mock.requests.findLast((each) => each.includes('/flamegraph')))
    .toContain('filter=');
  expect(mock.requests.findLast((each) => each.includes('/breakdown'))).not.toContain('filter=');
  await endpoints.getByRole('button', { name: 'Exclude GET /search' }).click();
  expect(queryParams(page).getAll('filter')).toEqual(['endpoint:GET /orders', '-endpoint:GET /search']);
  await row.click();
  expect(queryParams(page).getAll('filter')).toEqual(['-endpoint:GET /search']);
});

test('rows by file keep or drop stacks, by mouse and by keyboard', async ({ page }) => {
  await mockApi(page);
  await page.goto('/?v=2&by=frame:file&rows=checkout/views');
  const row = region(page, 'Files').getByRole('button', { name: '/app/shop/checkout/views.py', exact: true });
  await row.focus();
  await page.keyboard.press('Enter');
  expect(queryParams(page).getAll('transform')).toEqual(['only:\t/app/shop/checkout/views.py']);
  await row.click({ modifiers: ['Alt'] });
  expect(queryParams(page).getAll('transform')).toEqual(['exclude:\t/app/shop/checkout/views.py']);
  await row.focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await expect.poll(() => queryParams(page).getAll('transform')).toEqual([]);
});

test('rows by tag are terms of the search', async ({ page }) => {
  await mockApi(page);
  await page.goto('/?v=2&query=service:shop-web');
  await page.getByRole('button', { name: 'Rows of the table: function' }).click();
  await page.getByRole('combobox', { name: 'Rows of the table' }).fill('vers');
  await page.keyboard.press('Enter');
  const versions = region(page, 'version').last();
  await expect(versions).toContainText('9 more rows');
  await versions.getByRole('button', { name: '4.12.1', exact: true }).click();
  expect(queryParams(page).get('query')).toBe('service:shop-web version:4.12.1');
});

test('what is zoomed in on is what the rows are of, whatever they stand for', async ({ page }) => {
  await mockApi(page);
  await page.goto('/?v=2&by=frame:package');
  const packages = region(page, 'Packages');
  await expect(packages).toContainText('kafka');
  const shown = fixtureTree();
  const post = shown.parents.findIndex((_, node) => nodeName(shown, node) === 'CheckoutView.post');
  await clickNode(page, shown, post);
  await expect(packages).not.toContainText('kafka');
  await page.goto(`${page.url()}&by=label:thread`.replace('by=frame%3Apackage&', ''));
  await expect(page.getByText('not only what is zoomed in on')).toBeVisible();
});

test('the table is copied and saved as it is filtered', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await mockApi(page);
  await page.goto('/?v=2&by=label:endpoint&fsort=-calls');
  await page.getByRole('textbox', { name: 'Filter the rows of the table' }).fill('GET');
  await expect(region(page, 'Endpoint').getByRole('row')).toHaveCount(5);
  await page.getByRole('button', { name: 'Copy or download the table' }).click();
  await page.getByRole('button', { name: /Copy as CSV/ }).click();
  await expect(page.getByRole('button', { name: /Copied/ })).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: /Download CSV/ }).click();
  const download = await saving;
  expect(download.suggestedFilename()).toBe('endpoint.csv');
  const saved = await readFile(await download.path(), 'utf8');
  expect(saved.split('\r\n')[0]).toBe(
    'endpoint,total (nanoseconds),share of total,calls,total per call (nanoseconds)',
  );
  expect(saved.split('\r\n')[1]).toMatch(/^GET \/products\/:id,979645930902,0\.17\d*,61800,/);
  expect(copied.replaceAll('\r', '')).toBe(saved.replaceAll('\r', ''));
});

test('values per minute and per call, where the profiles know enough', async ({ page }) => {
  await mockApi(page);
  await page.goto('/');
  await page.getByRole('button', { name: 'Values: Total' }).click();
  await page.getByRole('button', { name: /^Per minute/ }).click();
  await expect(region(page, 'Functions').getByRole('row').nth(1)).toContainText('/min');
  expect(queryParams(page).get('per')).toBe('minute');
  await expect(tree(page)).toBeVisible();
});
