import { expect, test } from '@playwright/test';

import { FRAME_KEYS, MOVE_KEYS } from '../src/flame/keyboard.ts';
import { ancestry, at, childrenOf, nodeName, OTHER, pathKeys } from '../src/model/call-tree.ts';
import { SEARCH_FEATURES } from '../src/model/search-features.ts';
import { TIMELINE_KEYS } from '../src/timeline/keyboard.ts';
import { mockApi, NOW, type MockApi } from './mock-api.ts';
import { breadcrumb, clickNode, fixtureTree, pointOf, queryParams, selectedFrame, tree } from './steps.ts';

const fixture = fixtureTree();
const allNodes = Array.from({ length: fixture.size }, (_, node) => node);
const checkout = allNodes.find((node) => nodeName(fixture, node) === 'CheckoutView.post') as number;
let mock: MockApi;

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.clock.setFixedTime(NOW);
  mock = await mockApi(page);
});

test('a click zooms in, another one zooms out, and the address keeps the place', async ({ page }) => {
  await page.goto('/');
  await clickNode(page, fixture, checkout);
  await expect(breadcrumb(page)).toContainText('CheckoutView.post');
  expect(queryParams(page).get('zoom')?.split('.')).toHaveLength(at(fixture.depths, checkout));
  await expect(selectedFrame(page)).toHaveAttribute('aria-label', /^CheckoutView.post, total .*zoomed in$/);

  await page.reload();
  await expect(breadcrumb(page)).toContainText('CheckoutView.post');

  await tree(page).focus();
  await page.keyboard.press('Escape');
  await expect(breadcrumb(page)).toContainText('APIView.dispatch');
  await breadcrumb(page).getByRole('button', { name: 'All', exact: true }).click();
  await expect(breadcrumb(page)).toHaveText(/^All 1 h 36 min$/);
  await page.goBack();
  await expect(breadcrumb(page)).toContainText('APIView.dispatch');
});

test('the table follows what is zoomed in on', async ({ page }) => {
  await page.goto('/');
  const functions = page.getByRole('region', { name: 'Functions' });
  await expect(functions.getByRole('button', { name: 'read_record', exact: true })).toBeVisible();
  await clickNode(page, fixture, checkout);
  await expect(functions.getByRole('button', { name: 'TaxTable._find_bracket', exact: true })).toBeVisible();
  await expect(functions.getByRole('button', { name: 'read_record', exact: true })).toHaveCount(0);
});

test('hovering tells self, total and shares, with the same numbers as the table', async ({ page }) => {
  await page.goto('/');
  const { x, y } = await pointOf(page, fixture, checkout);
  await page.mouse.move(x, y);
  const tooltip = page.locator('.flame-tooltip');
  await expect(tooltip).toContainText('CheckoutView.post');
  await expect(tooltip).toContainText('/app/shop/checkout/views.py');
  await expect(tooltip).toContainText('9 min 45 s');
  await expect(tooltip).toContainText('10.1%');
  await page.getByRole('searchbox').fill('CheckoutView.post');
  await expect(page.getByRole('region', { name: 'Functions' }).getByRole('row').nth(1)).toContainText(
    '9 min 45 s 10.1%',
  );
});

test('the keyboard walks the tree', async ({ page }) => {
  await page.goto('/');
  await tree(page).focus();
  const item = selectedFrame(page);
  await expect(item).toHaveAttribute('aria-level', '1');
  await page.keyboard.press('ArrowDown');
  await expect(item).toHaveAttribute('aria-label', /^run, total .*self /);
  await expect(item).toHaveAttribute('aria-level', '2');
  await page.keyboard.press('ArrowRight');
  await expect(item).toHaveAttribute('aria-label', /^Consumer.run/);
  await expect(item).toHaveAttribute('aria-posinset', '2');
  await page.keyboard.press('Enter');
  await expect(breadcrumb(page)).toContainText('Consumer.run');
  await page.keyboard.press('ArrowUp');
  await expect(item).toHaveAttribute('aria-label', /^root/);
  await page.keyboard.press('Home');
  await expect(breadcrumb(page)).toHaveText(/^All/);
});

test('the help names every key', async ({ page }) => {
  await page.goto('/');
  await expect(tree(page)).toBeVisible();
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keyboard and search' });
  await expect(dialog.getByRole('heading', { name: 'Timeline, keyboard' })).toBeVisible();
  const shown = await dialog.locator('kbd').allTextContents();
  for (const [keys] of [...MOVE_KEYS, ...FRAME_KEYS, ...TIMELINE_KEYS, ...SEARCH_FEATURES]) {
    expect(shown).toContain(keys);
  }
  // All of it at once.
  expect(await dialog.evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)).toBe(0);
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
});

test('search tells the share of matches and leads from one to the next', async ({ page }) => {
  await page.goto('/');
  await expect(tree(page)).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.type('json');
  const result = page.locator('.flame-search-result');
  await expect(result).toHaveText(/^\d+ · \d+\.\d%$/);
  expect(queryParams(page).get('search')).toBe('json');
  await page.keyboard.press('Enter');
  await expect(result).toHaveText(/^1 \/ /);
  const first = await selectedFrame(page).getAttribute('aria-label');
  expect(first?.toLowerCase()).toMatch(/json|dumps|loads/);
  await page.getByRole('button', { name: 'Next match' }).click();
  await expect(result).toHaveText(/^2 \/ /);
  await page.getByRole('button', { name: 'Previous match' }).click();
  await expect(selectedFrame(page)).toHaveAttribute('aria-label', first ?? '');
  await page.getByRole('searchbox').fill('no such function');
  await expect(result).toHaveText('no match');
});

test('what was pruned is fetched into its place and stays after a reload', async ({ page }) => {
  const others = allNodes.filter(
    (node) => at(fixture.functions, node) === OTHER && at(fixture.parents, node) > 0,
  );
  const holder = others
    .map((node) => at(fixture.parents, node))
    .toSorted((left, right) => at(fixture.totals, right) - at(fixture.totals, left))[0] as number;
  await page.goto('/');
  await clickNode(page, fixture, holder);
  await expect(selectedFrame(page)).toHaveAttribute('data-node', String(holder));
  await tree(page).focus();
  await page.keyboard.press('ArrowDown');
  const callees = childrenOf(fixture, holder);
  for (const _ of callees.slice(1)) await page.keyboard.press('ArrowRight');
  await expect(selectedFrame(page)).toHaveAttribute('aria-label', /^\(other\)/);
  await page.keyboard.press('Enter');
  await expect.poll(() => queryParams(page).getAll('expand')).toEqual([pathKeys(fixture, holder).join('.')]);
  const path = ancestry(fixture, holder);
  await expect.poll(() => mock.requests.filter((request) => request.includes('path='))).toHaveLength(1);
  const asked = mock.requests.find((request) => request.includes('path=')) ?? '';
  const sent = new URL(asked.replace('GET ', 'http://vesta.test')).searchParams.getAll('path');
  expect(sent.map((key) => key.split('\t')[0])).toEqual(path.map((node) => nodeName(fixture, node)));

  for (const isReloaded of [false, true]) {
    if (isReloaded) await page.reload();
    await expect(breadcrumb(page)).toContainText(nodeName(fixture, holder));
    await tree(page).focus();
    // Where "(other)" was there is now a frame.
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowDown');
    for (const _ of callees.slice(1)) await page.keyboard.press('ArrowRight');
    await expect(selectedFrame(page)).not.toHaveAttribute('aria-label', /^\(other\)/);
  }
});

test('value type, granularity and labels change the question', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Value type: cpu-time' }).click();
  await expect(page.getByText('Memory allocated, whether or not it was freed since.')).toBeVisible();
  await page.getByRole('button', { name: /^alloc-space/ }).click();
  await expect(breadcrumb(page)).toContainText('GiB');
  expect(queryParams(page).get('type')).toBe('alloc-space');

  await page.getByRole('radio', { name: 'Package' }).check();
  expect(queryParams(page).get('granularity')).toBe('package');
  expect(queryParams(page).get('by')).toBe('frame:package');

  await page.getByRole('button', { name: 'Filter by label' }).click();
  await page.getByRole('button', { name: /^kafka-consumer/ }).click();
  await page.keyboard.press('Escape');
  expect(queryParams(page).getAll('filter')).toEqual(['thread:kafka-consumer']);
  await expect
    .poll(() => mock.requests.some((request) => request.includes('filter=thread%3Akafka-consumer')))
    .toBe(true);
  await page.getByRole('button', { name: 'Remove the filter thread:kafka-consumer' }).click();
  expect(queryParams(page).getAll('filter')).toEqual([]);
});

test('dragging moves, and only the wheel with Ctrl zooms', async ({ page }) => {
  await page.goto('/');
  const { x, y } = await pointOf(page, fixture, checkout);
  const range = page.locator('.flame-range > div');
  await page.mouse.move(x, y);
  await page.mouse.wheel(0, 60);
  await expect(range).toBeHidden();
  await page.keyboard.down('Control');
  for (let step = 0; step < 8; step++) await page.mouse.wheel(0, -400);
  await page.keyboard.up('Control');
  await expect(range).toBeVisible();
  const before = await range.evaluate((element) => Number.parseFloat((element as HTMLElement).style.left));
  await page.mouse.down();
  await page.mouse.move(x - 120, y, { steps: 4 });
  await page.mouse.up();
  await expect
    .poll(() => range.evaluate((element) => Number.parseFloat((element as HTMLElement).style.left)))
    .toBeGreaterThan(before);
  expect(queryParams(page).get('zoom')).toBeNull();
});

test('the top list searches on the server and leads to the flame graph', async ({ page }) => {
  await page.goto('/?v=1&tab=top');
  await page.getByRole('searchbox').fill('bm25');
  await expect.poll(() => mock.requests.some((request) => request.includes('search=bm25'))).toBe(true);
  await page.getByRole('button', { name: 'Show BM25.score in the flame graph' }).click();
  await expect(tree(page)).toBeVisible();
  expect(queryParams(page).get('search')).toBe('BM25.score');
});
