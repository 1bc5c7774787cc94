import { readFileSync } from 'node:fs';

import { expect, test, type Page } from '@playwright/test';

import type { CompareBody } from '../src/api/compare.ts';
import { nodeName } from '../src/model/call-tree.ts';
import { decodeDiff } from '../src/model/diff.ts';
import { mockApi, NOW, type MockApi } from './mock-api.ts';
import { breadcrumb, clickNode, queryParams, selectedFrame, tree } from './steps.ts';

const body = JSON.parse(
  readFileSync(new URL('fixtures/compare.json', import.meta.url), 'utf8'),
) as CompareBody;
const diff = decodeDiff(body, 'function', 'share');
let mock: MockApi;

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.clock.setFixedTime(NOW);
  mock = await mockApi(page);
});

const changes = (page: Page) => page.getByRole('region', { name: 'Changes' });
const side = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

test('one click in the explorer compares with the period before', async ({ page }) => {
  await page.goto('/?v=2&query=service:shop-web');
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.getByRole('button', { name: 'With the period before' }).click();
  await expect(page).toHaveURL(/^[^?]*\/compare\?/);
  const params = queryParams(page);
  expect([params.get('a.from'), params.get('a.to'), params.get('b.from')]).toEqual([
    'now-2h',
    'now-1h',
    'now-1h',
  ]);
  expect(params.get('a.query')).toBe('service:shop-web');
  await expect(page.getByText('15.6% more cpu-time per minute in B than in A')).toBeVisible();
  await expect(page.getByText('9,000 samples in 60 profiles')).toBeVisible();
  expect(mock.requests.some((request) => /\/compare\?.*a\.from=now-2h/.test(request))).toBe(true);

  await page.getByRole('link', { name: 'B alone' }).click();
  await expect(page.getByRole('combobox', { name: 'Search for profiles' })).toHaveValue('service:shop-web');
});

test('a profile is compared with its service at the time', async ({ page }) => {
  await page.goto('/profiles/0329af6554c00000');
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.getByRole('button', { name: 'With its service at the time' }).click();
  await expect(side(page, 'B').getByRole('link', { name: 'shop-web' })).toBeVisible();
  await expect(side(page, 'A, the baseline').getByRole('combobox')).toHaveValue(/service:shop-web/);
});

test('the table of changes leads into the flame graph', async ({ page }) => {
  await page.goto('/compare');
  const first = changes(page).getByRole('row').nth(1);
  await expect(first).toContainText(/Decimal\.quantize.*\+2\.5 pp.*Clear/);
  await changes(page).getByRole('button', { name: 'PriceCache.get' }).click();
  expect(queryParams(page).get('search')).toBe('PriceCache.get');
  await expect(selectedFrame(page)).toHaveAttribute(
    'aria-label',
    /^PriceCache\.get, A 0%, B .*only in B, Clear/,
  );

  await page.getByRole('searchbox').fill('');
  await changes(page).getByRole('button', { name: 'Function', exact: true }).click();
  expect(queryParams(page).get('csort')).toBe('name');
});

test('shares, amounts and calls are told apart', async ({ page }) => {
  await page.goto('/compare');
  await page.getByRole('radio', { name: 'Per minute' }).check();
  expect(queryParams(page).get('change')).toBe('rate');
  await expect(changes(page).getByRole('columnheader', { name: 'A /min' })).toBeVisible();
  await expect(changes(page).getByRole('row').nth(1)).toContainText('44.8 ms95.2 ms');
  await page.getByRole('radio', { name: 'Per call' }).check();
  await expect(page.getByText('17.3 ms/call').first()).toBeVisible();
});

test('both flame graphs show the same place', async ({ page }) => {
  await page.goto('/compare?v=2&table=0');
  const node = Array.from({ length: diff.tree.size }, (_, each) => each).find(
    (each) => nodeName(diff.tree, each) === 'Consumer.run',
  ) as number;
  await clickNode(page, diff.tree, node);
  await expect(breadcrumb(page)).toContainText('Consumer.run');
  await page.getByRole('radio', { name: 'Side by side' }).check();
  await expect(tree(page)).toHaveCount(2);
  for (const index of [0, 1]) {
    await expect(selectedFrame(page).nth(index)).toHaveAttribute('aria-label', /^Consumer\.run.*zoomed in$/);
  }
  await tree(page).nth(1).focus();
  await page.keyboard.press('ArrowDown');
  const below = await selectedFrame(page).nth(1).getAttribute('aria-label');
  await expect(selectedFrame(page).nth(0)).toHaveAttribute('aria-label', below ?? '');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect(breadcrumb(page)).toHaveText('All');
});

test('sides are swapped, and chosen in terms of each other', async ({ page }) => {
  await page.goto('/compare?v=2&a.query=service:web&b.query=service:api&a.from=now-1h&b.from=now-1h');
  await page.getByRole('button', { name: 'Swap the sides' }).click();
  await expect(side(page, 'B').getByRole('combobox')).toHaveValue('service:web');
  await page.getByRole('button', { name: 'Choose A' }).click();
  await page.getByRole('button', { name: 'the same time yesterday' }).click();
  const params = queryParams(page);
  expect([params.get('a.query'), params.get('a.from'), params.get('a.to')]).toEqual([
    'service:web',
    'now-25h',
    'now-1d',
  ]);
});

test('an empty side says so and what to do', async ({ page }) => {
  await page.goto('/compare?v=2&a.query=service:none&a.from=now-1h&b.from=now-1h');
  await expect(page.getByRole('heading', { name: 'There is no profile in A' })).toBeVisible();
  await page.getByRole('button', { name: 'Clear the search of A' }).click();
  await expect(changes(page)).toBeVisible();
});

test('dragging over the chart picks the range of a side', async ({ page }) => {
  await page.goto('/compare');
  await page.getByRole('radio', { name: 'A', exact: true }).check();
  const plot = page.locator('.compare-chart .u-over');
  const box = await plot.boundingBox();
  if (!box) throw new Error('the chart has no place');
  await page.mouse.move(box.x + box.width * 0.5, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 30, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => queryParams(page).get('a.to')).toMatch(/^2026/);
  const picked = ['a.from', 'a.to'].map((name) => Date.parse(queryParams(page).get(name) ?? ''));
  // The chart goes from noon to half past two: a tenth of it, from its middle on.
  const [from = 0, to = 0] = picked;
  expect(Math.abs(to - from - 15 * 60_000)).toBeLessThan(60_000);
  expect(Math.abs(from - (NOW.getTime() - 75 * 60_000))).toBeLessThan(60_000);
  expect(queryParams(page).get('b.from')).toBe('now-1h');
});

test('what narrows both sides or one of them is said, and can be taken away', async ({ page }) => {
  const narrowed = new URLSearchParams([
    ['v', '2'],
    ['a.from', 'now-2h'],
    ['a.link', 'k3xq'],
    ['b.from', 'now-1h'],
    ['b.filter', 'thread:worker-1'],
    ['transform', 'my-code'],
    ['transform', 'exclude:read_record'],
    ['window', '1795215963000,1795215964000'],
    ['span', '42'],
    ['focus_on', 'time'],
  ]);
  await page.goto(`/compare?${narrowed.toString()}`);
  await side(page, 'A, the baseline').getByRole('button', { name: 'Not only what link k3xq pinned' }).click();
  expect(queryParams(page).has('a.link')).toBe(false);
  const ofB = page.getByRole('list', { name: 'Label filters of B' });
  await expect(ofB).toContainText('thread:worker-1');
  await expect(page.getByRole('list', { name: 'Label filters of A' })).toHaveCount(0);
  const transforms = page.getByRole('list', { name: 'Transforms' });
  await expect(transforms.getByRole('listitem')).toHaveText([
    'Only my code',
    'Without stacks with read_record',
  ]);
  await expect(page.locator('.focus-chip')).toHaveText([/ 1\.00 s$/, 'Span42whole time of the span']);

  await ofB.getByRole('button', { name: 'Remove the filter thread:worker-1' }).focus();
  await page.keyboard.press('Enter');
  expect(queryParams(page).has('b.filter')).toBe(false);
  await transforms.getByRole('button', { name: 'Remove: Only my code' }).click();
  expect(queryParams(page).getAll('transform')).toEqual(['exclude:read_record']);
  await page.getByRole('button', { name: 'Remove all' }).click();
  for (const name of ['transform', 'window', 'span', 'focus_on'])
    expect(queryParams(page).has(name)).toBe(false);
});
