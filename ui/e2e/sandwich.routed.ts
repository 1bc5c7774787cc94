import { expect, test } from '@playwright/test';

import { nodeName } from '../src/model/call-tree.ts';
import { mockApi, NOW, type MockApi } from './mock-api.ts';
import { clickNode, fixtureTree, queryParams, tree } from './steps.ts';

const fixture = fixtureTree();
const checkout = Array.from({ length: fixture.size }, (_, node) => node).find(
  (node) => nodeName(fixture, node) === 'CheckoutView.post',
) as number;
let mock: MockApi;

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.clock.setFixedTime(NOW);
  mock = await mockApi(page);
});

function asked(path: string): URLSearchParams[] {
  return mock.requests
    .filter((request) => request.startsWith(`GET ${path}?`))
    .map((request) => new URL(request.replace('GET ', 'http://vesta.test')).searchParams);
}

test('a function stands between its callers and its callees, and Escape leads back', async ({ page }) => {
  await page.goto('/');
  await clickNode(page, fixture, checkout);
  await tree(page).focus();
  await page.keyboard.press('s');
  await expect(page.getByRole('region', { name: 'Callers' })).toBeVisible();
  expect(queryParams(page).get('sandwich')).toBe('CheckoutView.post\t/app/shop/checkout/views.py');
  expect(queryParams(page).get('zoom')).toBeNull();
  const question = asked('/sandwich').at(-1);
  expect(question?.get('function')).toBe('CheckoutView.post');
  expect(question?.get('file')).toBe('/app/shop/checkout/views.py');

  // Callers stand on the function: up leads to them.
  const callers = page.getByRole('tree', { name: /^Callers of/ });
  const item = callers.getByTestId('flame-selected');
  await callers.focus();
  await page.keyboard.press('ArrowUp');
  await expect(item).toHaveAttribute('aria-level', '2');
  await page.keyboard.press('Enter');
  expect(queryParams(page).get('zoom')).toMatch(/^callers\./);
  await expect(page.getByRole('region', { name: 'Callers' })).toContainText('zoomed in on');
  await page.keyboard.press('Escape');
  await expect.poll(() => queryParams(page).get('zoom')).toBeNull();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('tree', { name: /^Flame graph of/ })).toBeVisible();
  expect(queryParams(page).get('sandwich')).toBeNull();
});

test('another function is found by name', async ({ page }) => {
  await page.goto('/?v=2&sandwich=main.handleSearch');
  const field = page.getByRole('combobox', { name: 'Function' });
  await expect(field).toHaveValue('main.handleSearch');
  await field.fill('bm25');
  await expect.poll(() => asked('/top').some((params) => params.get('search') === 'bm25')).toBe(true);
  const options = page.getByRole('listbox', { name: 'Functions' }).getByRole('option');
  await expect(options.first()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect.poll(() => queryParams(page).get('sandwich')).not.toBe('main.handleSearch');
  await page.goBack();
  await expect(field).toHaveValue('main.handleSearch');
});

test('a function that no sample has any more says so', async ({ page }) => {
  await page.goto('/?v=2&sandwich=gone');
  await expect(page.getByRole('heading', { name: 'No sample has this function on its stack' })).toBeVisible();
  await page.getByRole('button', { name: 'All stacks' }).last().click();
  await expect(page.getByRole('tree', { name: /^Flame graph of/ })).toBeVisible();
});

test('functions that pruning hides are told and lead to their stacks', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('searchbox').fill('hidden');
  await page.getByRole('button', { name: '1 matching function is in (other)' }).click();
  await page.getByRole('button', { name: /^hidden_function/ }).click();
  expect(queryParams(page).getAll('transform')).toEqual(['only:hidden_function\t/app/shop/hidden.py']);
});

test('a row of the table leads to the callers and callees of its function', async ({ page }) => {
  await page.goto('/');
  const row = page.getByRole('region', { name: 'Functions' }).getByRole('row').nth(1);
  await row.getByRole('button').first().focus();
  await page.keyboard.press('s');
  await expect(page.getByRole('region', { name: 'Callers' })).toBeVisible();
  await page.goBack();
  await row.hover();
  await row.getByRole('button', { name: /^Callers and callees of/ }).click();
  await expect(page.getByRole('region', { name: 'Callees' })).toBeVisible();
});
