import { readFile } from 'node:fs/promises';

import { expect, test } from '@playwright/test';

import { nodeName } from '../src/model/call-tree.ts';
import { mockApi, NOW } from './mock-api.ts';
import { clickNode, fixtureTree, queryParams, tree } from './steps.ts';

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.clock.setFixedTime(NOW);
});

test('a permalink is made, leads back to what was shown, and can be left and deleted', async ({ page }) => {
  const mock = await mockApi(page);
  await page.goto('/?v=2&query=service:shop-web&by=frame:package');
  await page.getByRole('button', { name: 'Share and download' }).click();
  await page.getByRole('button', { name: /^Make a link that keeps the data/ }).click();
  await expect(page.getByRole('textbox', { name: 'Permalink' })).toHaveValue(/\/l\/7Jk2mQx9aB$/);
  await expect(page.getByText('Keeps 118 profiles, however old they get.')).toBeVisible();

  await page.goto('/l/7Jk2mQx9aB');
  const banner = page.getByRole('complementary', { name: 'Permalink' });
  await expect(banner).toContainText('Pinned 118 profiles as of 2026-11-20');
  expect(queryParams(page).get('link')).toBe('7Jk2mQx9aB');
  expect(queryParams(page).get('by')).toBe('frame:package');
  await expect(tree(page)).toBeVisible();
  expect(mock.requests.findLast((each) => each.includes('/flamegraph'))).toContain('link=7Jk2mQx9aB');

  await banner.getByRole('button', { name: 'Show live data' }).click();
  await expect(banner).toHaveCount(0);
  await page.goBack();
  await banner.getByRole('button', { name: 'Delete the link' }).click();
  await banner.getByRole('button', { name: 'Delete it for everybody' }).click();
  await expect(banner).toHaveCount(0);
  expect(mock.requests).toContain('DELETE /links/7Jk2mQx9aB');
  await page.goto('/l/7Jk2mQx9aB');
  await expect(page.getByRole('heading', { name: 'There is no such link' })).toBeVisible();
});

test('files hold what is zoomed in on, or everything, and say so', async ({ page }) => {
  await mockApi(page);
  await page.goto('/?v=2&filter=endpoint:GET /orders&transform=my-code');
  const shown = fixtureTree();
  await clickNode(
    page,
    shown,
    shown.parents.findIndex((_, node) => nodeName(shown, node) === 'CheckoutView.post'),
  );
  await page.getByRole('button', { name: 'Share and download' }).click();
  const files = page.getByRole('region', { name: 'Files' });
  await expect(files).toContainText('CheckoutView.post');
  await expect(files).toContainText('with 1 filter and 1 transform');
  const href = async (name: RegExp): Promise<URLSearchParams> => {
    const link = files.getByRole('link', { name });
    return new URL((await link.getAttribute('href')) ?? '', page.url()).searchParams;
  };
  expect((await href(/^pprof/)).getAll('transform')).toEqual([
    'my-code',
    'focus:CheckoutView.post\t/app/shop/checkout/views.py',
  ]);
  expect((await href(/^JSON/)).getAll('path').length).toBeGreaterThan(5);
  await page.getByRole('radio', { name: 'Everything' }).check();
  expect((await href(/^SVG/)).getAll('transform')).toEqual(['my-code']);

  const saving = page.waitForEvent('download');
  await files.getByRole('button', { name: /^CSV/ }).click();
  const saved = await readFile(await (await saving).path(), 'utf8');
  expect(saved).toContain('function,file,module,self (nanoseconds),total (nanoseconds)');
});
