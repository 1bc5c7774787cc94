import { expect, test, type Page } from '@playwright/test';

import { mockApi, NOW, type MockApi } from './mock-api.ts';
import { queryParams } from './steps.ts';

let mock: MockApi;

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.clock.setFixedTime(NOW);
  mock = await mockApi(page);
});

const node = (page: Page, name: string) => page.getByRole('button', { name: new RegExp(`^${name}, self`) });

test('arrow keys lead along the calls, and Enter focuses on a function', async ({ page }) => {
  await page.goto('/?v=2&tab=graph');
  await expect(
    page.getByText('The 40 functions with the most; 328 smaller ones are not shown.'),
  ).toBeVisible();
  await node(page, 'main.main.func1').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(node(page, 'main.handleOrders')).toBeFocused();
  await expect(page.locator('.graph-details')).toContainText('main.handleOrders');
  await expect(node(page, 'sort.Float64s')).toHaveAttribute('data-role', 'callee');
  await page.keyboard.press('ArrowUp');
  await expect(page.locator('.graph-details')).toContainText('main.main.func1.1');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  expect(queryParams(page).get('transform')).toMatch(/^focus:main\.handleOrders\t/);
  await expect(page.getByRole('list', { name: 'Transforms' })).toContainText('main.handleOrders');
  await expect
    .poll(() => mock.requests.some((request) => /\/callgraph\?.*transform=focus/.test(request)))
    .toBe(true);
  // The answer is the same here; the focus begins at its top again.
  await expect(node(page, 'main.main.func1')).toBeFocused();
});

test('zooms with the keyboard and the wheel, and shows more functions on demand', async ({ page }) => {
  await page.goto('/?v=2&tab=graph');
  const first = node(page, 'main.main.func1');
  await first.focus();
  const before = await first.boundingBox();
  await page.keyboard.press('+');
  await expect
    .poll(async () => (await first.boundingBox())?.width)
    .toBeGreaterThan((before?.width ?? 0) * 1.1);
  await page.getByRole('radio', { name: '80' }).check();
  expect(queryParams(page).get('nodes')).toBe('80');
  await expect(page.locator('.graph-node')).toHaveCount(80);
  await page.getByRole('button', { name: 'Show all of it' }).click();
  const scroller = page.locator('.graph-scroller');
  await expect
    .poll(() => scroller.evaluate((element) => element.scrollHeight - element.clientHeight))
    .toBeLessThan(400);
});

test('search marks functions, and the same is there as a list', async ({ page }) => {
  await page.goto('/profiles/0329af6554c00000?v=2&tab=graph&search=handleOrders');
  await expect(node(page, 'main.handleOrders')).toHaveAttribute('data-role', 'match');
  await expect(node(page, 'main.main.func1')).toHaveAttribute('data-role', 'far');
  await page.getByRole('button', { name: 'The same as a list' }).click();
  expect(queryParams(page).get('tab')).toBe('top');
});
