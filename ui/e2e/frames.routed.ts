import { readFileSync } from 'node:fs';

import { expect, test, type Locator } from '@playwright/test';

import { at, nodeName } from '../src/model/call-tree.ts';
import { mockApi, NOW, type MockApi } from './mock-api.ts';
import { breadcrumb, clickNode, fixtureTree, pointOf, queryParams, selectedFrame, tree } from './steps.ts';

const fixture = fixtureTree();
const checkout = Array.from({ length: fixture.size }, (_, node) => node).find(
  (node) => nodeName(fixture, node) === 'CheckoutView.post',
) as number;
const KEY = 'CheckoutView.post\t/app/shop/checkout/views.py';
let mock: MockApi;

test.beforeEach(async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.clock.setFixedTime(NOW);
  mock = await mockApi(page);
});

test('the menu of a frame works by keyboard and gives the focus back', async ({ page }) => {
  await page.goto('/');
  const { x, y } = await pointOf(page, fixture, checkout);
  await page.mouse.click(x, y, { button: 'right' });
  const menu = page.getByRole('menu', { name: /CheckoutView.post/ });
  await expect(menu.getByRole('menuitem', { name: 'Zoom in' })).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(menu.getByRole('menuitem', { name: 'Copy file and line' })).toBeFocused();
  await page.keyboard.press('Home');
  await page.keyboard.type('exc');
  await expect(menu.getByRole('menuitem', { name: 'Exclude stacks with it' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(menu).toHaveCount(0);
  await expect(tree(page)).toBeFocused();

  await page.keyboard.press('Shift+F10');
  await menu.getByRole('menuitem', { name: 'Focus on this function' }).press('Enter');
  expect(queryParams(page).getAll('transform')).toEqual([`focus:${KEY}`]);
  await expect
    .poll(() =>
      mock.requests.some((request) => request.includes('/flamegraph') && request.includes('transform=focus')),
    )
    .toBe(true);
});

test('transforms are chips that say what they do and go one by one or together', async ({ page }) => {
  await page.goto('/');
  await clickNode(page, fixture, checkout);
  await expect(breadcrumb(page)).toContainText('CheckoutView.post');
  await tree(page).focus();
  await page.keyboard.press('x');
  const chips = page.getByRole('list', { name: 'Transforms' });
  await expect(chips).toContainText('Without stacks with CheckoutView.post');
  // Paths mean nothing in another tree.
  expect(queryParams(page).get('zoom')).toBeNull();

  await page.getByRole('button', { name: 'Only my code' }).click();
  await expect(chips.getByRole('listitem')).toHaveCount(2);
  expect(queryParams(page).getAll('transform')).toEqual([`exclude:${KEY}`, 'my-code']);
  await page.reload();
  await chips.getByRole('button', { name: 'Remove: Without stacks with CheckoutView.post' }).click();
  expect(queryParams(page).getAll('transform')).toEqual(['my-code']);
  await page.goBack();
  await page.getByRole('button', { name: 'Remove all' }).click();
  await expect(chips).toHaveCount(0);
});

test('details are pinned, can be copied from and let go', async ({ page }) => {
  await page.goto('/');
  const { x, y } = await pointOf(page, fixture, checkout);
  await page.keyboard.down('Alt');
  await page.mouse.click(x, y);
  await page.keyboard.up('Alt');
  const details = page.getByRole('dialog', { name: 'Details of CheckoutView.post' });
  await expect(details).toBeFocused();
  await expect(details).toContainText('shop · own code');
  await details.getByRole('button', { name: 'Copy stack' }).click();
  const copied = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
  await expect.poll(copied).toMatch(/CheckoutView\.post \(\/app\/shop\/checkout\/views\.py\)$/);
  expect((await copied()).split('\n')).toHaveLength(at(fixture.depths, checkout));
  await page.keyboard.press('Escape');
  await expect(details).toHaveCount(0);
  await expect(tree(page)).toBeFocused();
  await page.keyboard.press('t');
  await expect(details).toBeVisible();
});

test('with the root at the bottom the keys follow the picture', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Colors and order' }).click();
  await page.getByRole('radio', { name: 'At the bottom' }).check();
  expect(queryParams(page).get('upright')).toBe('1');
  await page.getByRole('radio', { name: 'Name' }).check();
  expect(queryParams(page).get('order')).toBe('name');
  await page.keyboard.press('Escape');
  await tree(page).focus();
  await page.keyboard.press('ArrowUp');
  await expect(selectedFrame(page)).toHaveAttribute('aria-level', '2');
  await page.keyboard.press('ArrowDown');
  await expect(selectedFrame(page)).toHaveAttribute('aria-level', '1');
  // The root lies along the lower edge.
  const canvas = await page.getByTestId('flame-canvas').boundingBox();
  await page.mouse.move((canvas?.x ?? 0) + 20, (canvas?.y ?? 0) + (canvas?.height ?? 0) - 8);
  await expect(page.locator('.flame-tooltip-name')).toHaveText('root');
});

test('colors come with a legend', async ({ page }) => {
  await page.goto('/');
  const legend = page.getByRole('group', { name: 'What the colors mean' });
  await expect(legend).toContainText(/django ?\d/);
  await page.getByRole('button', { name: 'Colors and order' }).click();
  await page.getByRole('radio', { name: 'Kind' }).check();
  await expect(legend).toContainText(/library ?\d/);
  await page.getByRole('radio', { name: 'Value' }).first().check();
  await expect(legend).toContainText('30%');
});

test('the full screen has nothing around, and Escape leads out', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Full screen' }).click();
  expect(queryParams(page).get('full')).toBe('1');
  const pane = await page.locator('.pane').boundingBox();
  expect(pane).toEqual({ x: 0, y: 0, width: 1440, height: 900 });
  await tree(page).focus();
  await page.keyboard.press('Escape');
  expect(queryParams(page).get('full')).toBeNull();
});

test('the flame graph in sight is saved as a picture', async ({ page }) => {
  await page.goto('/');
  await expect(tree(page)).toBeVisible();
  await page.getByRole('button', { name: 'Share and download' }).click();
  const coming = page.waitForEvent('download');
  await page.getByRole('button', { name: /^PNG/ }).click();
  const download = await coming;
  expect(download.suggestedFilename()).toBe('cpu-time.png');
  const bytes = readFileSync(await download.path());
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  expect(bytes.length).toBeGreaterThan(10_000);
});

test('pinned details link to the repository and show what each line costs', async ({ page }) => {
  const [name, file] = KEY.split('\t') as [string, string];
  const basis = {
    type: 'cpu-time',
    unit: 'nanoseconds',
    kind: 'delta',
    total: 1e12,
    samples: 5,
    profiles: 1,
  };
  const time = { seconds: 60, process_seconds: 60, calls: null, problems: [] };
  const rows = { value: [name, name], file: [file, file], module: ['', ''], line: [40, 43], calls: null };
  const facet = (key: string, value: string) => ({
    key,
    values: [value],
    counts: [3],
    distinct: 1,
    truncated: false,
  });
  const answers: Record<string, unknown> = {
    status: { profiles: 3, source_roots: 1 },
    breakdown: {
      ...basis,
      ...time,
      rows: { ...rows, self: [1e9, 2e9], total: [3e10, 9e10], samples: [1, 2] },
      found: 2,
      other: null,
    },
    facets: {
      profiles: 3,
      facets: [
        facet('git.repository_url', 'git@github.com:example/shop.git'),
        facet('git.commit.sha', '0123456789abcdef'),
      ],
    },
  };
  await page.route(/api\/v1\/(status|breakdown|facets\?.*git\.)/, async (route) => {
    const path = new URL(route.request().url()).pathname.split('/').at(-1) ?? '';
    await route.fulfill({ json: answers[path] });
  });
  await page.goto('/');
  await clickNode(page, fixture, checkout);
  await tree(page).press('t');
  const details = page.getByRole('dialog', { name: 'Details of CheckoutView.post' });
  await expect(details.getByRole('link', { name: 'GitHub' })).toHaveAttribute(
    'href',
    'https://github.com/example/shop/blob/0123456789abcdef/shop/checkout/views.py',
  );
  // The line that costs most is where to look.
  const source = details.getByRole('region', { name: 'Source around line 43' });
  await expect(source).toContainText('def post(self, request):');
  const bottom = async (locator: Locator): Promise<number> => {
    const box = await locator.boundingBox();
    return (box?.y ?? 0) + (box?.height ?? 0);
  };
  const below = async (): Promise<number> => (await bottom(details)) - (await bottom(page.locator('.flame')));
  await expect.poll(below).toBeLessThanOrEqual(0);
});
