import { expect, test } from '@playwright/test';

import { mockApi, NOW } from './mock-api.ts';
import { queryParams, tree } from './steps.ts';

const PROFILE = '/profiles/0329af6554c00000';

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.clock.setFixedTime(NOW);
});

test('settings in bytes are said in bytes, and flags of a JVM are searched', async ({ page }) => {
  const flags = { MaxHeapSize: '268435456', UseG1GC: 'true' };
  await mockApi(page, { profile: { info: { flags, properties: { 'java.class.path': 'a.jar' } } } });
  await page.goto('/profiles/00cab1c2d3e4f506?v=2&tab=runtime');
  const info = page.getByRole('region', { name: 'Runtime info' });
  await expect(info.getByText('268435456 256 MiB')).toBeVisible();
  await page.getByRole('textbox', { name: 'Search in the runtime info' }).fill('heapsize');
  await expect(info.getByRole('heading')).toHaveText(['Flags that are not the default']);
});

test('the header leads on: tags, neighbors of the process, full screen', async ({ page }) => {
  const mock = await mockApi(page);
  await page.goto(PROFILE);
  await expect(page.getByRole('heading', { name: 'shop-web' })).toBeVisible();
  const tags = page.getByRole('group', { name: 'Tags' });
  await tags.getByRole('button', { name: /more/ }).click();
  await expect(tags).toContainText('pod_name');
  expect(mock.requests.some((each) => each.includes('query=runtime-id%3A6f1c0a52'))).toBe(true);

  await page.getByRole('button', { name: 'Full screen', exact: true }).click();
  expect(queryParams(page).get('full')).toBe('1');
  await expect(tree(page)).toBeVisible();
  await page
    .getByRole('button', { name: /^Leave the full screen|^Full screen/ })
    .last()
    .click();
  await expect(page.getByRole('link', { name: 'Previous profile' })).toBeVisible();
  await page.getByRole('link', { name: 'Previous profile' }).click();
  await expect(page).not.toHaveURL(new RegExp(PROFILE));
  await expect(page).toHaveURL(/\/profiles\/[0-9a-f]+/);
  await page.goBack();
  await page.getByRole('link', { name: 'version 4.12.1' }).click();
  expect(queryParams(page).get('query')).toBe('service:shop-web version:4.12.1');
});

test('metrics show every profile of the service around this one', async ({ page }) => {
  const mock = await mockApi(page);
  await page.goto(`${PROFILE}?v=2&tab=metrics`);
  const metrics = page.getByRole('region', { name: 'Metrics', exact: true });
  await expect(metrics.getByRole('img').first()).toHaveAttribute('aria-label', /^CPU: .*median .* profiles$/);
  await page.getByRole('radio', { name: '6 h' }).check();
  expect(queryParams(page).get('around')).toBe('6h');
  expect(mock.requests.findLast((each) => each.includes('column='))).toContain(
    'query=service%3Ashop-web+env%3Aprod',
  );
});

test('related profiles are opened and compared from a list', async ({ page }) => {
  await mockApi(page);
  await page.goto(`${PROFILE}?v=2&tab=related`);
  const process = page.getByRole('table', { name: 'The same process' });
  await expect(process.getByRole('row')).not.toHaveCount(1);
  const compare = process.getByRole('link', { name: /^Compare with/ }).first();
  await expect(compare).toHaveAttribute(
    'href',
    /^\/compare\?a\.profile=[0-9a-f]+&b\.profile=0329af6554c00000/,
  );
  await process.getByRole('link', { name: /:/ }).first().click();
  await expect(page).toHaveURL(/tab=related/);
});

test('the runtime info is searched, and leads to profiles with the same tag', async ({ page }) => {
  await mockApi(page);
  await page.goto(`${PROFILE}?v=2&tab=runtime`);
  const info = page.getByRole('region', { name: 'Runtime info' });
  await expect(info).toContainText('max_frames');
  await page.getByRole('textbox', { name: 'Search in the runtime info' }).fill('kube');
  await expect(info).not.toContainText('max_frames');
  await info.getByRole('link', { name: 'shop', exact: true }).click();
  expect(queryParams(page).get('query')).toBe('service:shop-web kube_namespace:shop');
});
