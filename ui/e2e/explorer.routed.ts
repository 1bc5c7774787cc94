import { expect, test } from '@playwright/test';

import { mockApi, NOW, type MockApi } from './mock-api.ts';
import { facet, queryParams, suggestions } from './steps.ts';

let mock: MockApi;

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.clock.setFixedTime(NOW);
  mock = await mockApi(page);
});

test('a search with completion works by keyboard alone', async ({ page }) => {
  await page.goto('/');
  const box = page.getByRole('combobox', { name: 'Search for profiles' });
  await box.focus();
  await page.keyboard.type('serv');
  await expect(suggestions(page)).toHaveText(['service:']);
  await expect(box).toHaveAttribute('aria-expanded', 'true');
  await page.keyboard.press('Tab');
  await expect(box).toHaveValue('service:');
  await page.keyboard.type('sh');
  await expect(suggestions(page)).toHaveText([/shop-web/]);
  await page.keyboard.press('ArrowDown');
  await expect(suggestions(page).and(page.getByRole('option', { selected: true }))).toHaveText(/shop-web/);
  await page.keyboard.press('Enter');
  await expect(box).toHaveValue('service:shop-web ');
  await expect.poll(() => queryParams(page).get('query')).toBe('service:shop-web');
  await expect
    .poll(() => mock.requests.filter((request) => request.includes('/flamegraph?query=service')).length)
    .toBeGreaterThan(0);
});

test('completion offers tags the page knows nothing about', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('combobox', { name: 'Search for profiles' }).fill('kube');
  await expect(suggestions(page)).toHaveText([/kube_namespace:/, /kube_deployment:/]);
});

test('measures are compared with values that split what is there', async ({ page }) => {
  await page.goto('/');
  const box = page.getByRole('combobox', { name: 'Search for profiles' });
  await box.fill('env:prod @cpu');
  await expect(suggestions(page)).toHaveText([/@cpu_cores:CPU/]);
  await page.keyboard.press('Tab');
  await expect(suggestions(page)).toHaveText([/^>=/, /^>=/, /^</, /TO/, /\*/]);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect.poll(() => queryParams(page).get('query')).toMatch(/^env:prod @cpu_cores:>=[\d.]+$/);
});

test('each term of the search is turned around and taken away', async ({ page }) => {
  await page.goto('/?v=2&query=service:(shop-web OR payments) @cpu_cores:[0.5 TO 2]');
  const terms = page.getByRole('list', { name: 'Search terms' });
  await expect(terms.getByRole('listitem')).toHaveText([/service\s*shop-web or payments/, /CPU\s*0.5 – 2/]);
  await terms.getByRole('button', { name: 'Exclude service:(shop-web OR payments)' }).click();
  expect(queryParams(page).get('query')).toBe('-service:(shop-web OR payments) @cpu_cores:[0.5 TO 2]');
  await terms.getByRole('button', { name: 'Remove @cpu_cores:[0.5 TO 2]' }).click();
  expect(queryParams(page).get('query')).toBe('-service:(shop-web OR payments)');
  await expect(page.getByRole('status').filter({ hasText: '421 profiles' })).toBeVisible();
});

test('recent searches come back, can be forgotten, and are not in the address', async ({ page }) => {
  await page.goto('/');
  const box = page.getByRole('combobox', { name: 'Search for profiles' });
  for (const query of ['env:prod', 'host:a*']) {
    await box.fill(query);
    await page.keyboard.press('Enter');
    await expect.poll(() => queryParams(page).get('query')).toBe(query);
  }
  await page.getByRole('button', { name: 'Clear the search' }).click();
  const recent = page.getByRole('group', { name: 'Recent searches' }).getByRole('option');
  await expect(recent).toHaveText(['host:a*', 'env:prod']);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Shift+Delete');
  await expect(recent).toHaveText(['env:prod']);
  await page.keyboard.press('Enter');
  await expect.poll(() => queryParams(page).get('query')).toBe('env:prod');
});

test('a search that cannot be read says where and what to write', async ({ page }) => {
  await page.goto('/');
  const box = page.getByRole('combobox', { name: 'Search for profiles' });
  await box.fill('service:(');
  await page.keyboard.press('Enter');
  const mistake = page.getByRole('alert').filter({ has: page.locator('mark') });
  await expect(mistake).toContainText('This parenthesis is not closed: add a `)`');
  await expect(mistake.locator('mark')).toHaveText('(');
  await expect(box).toHaveAttribute('aria-invalid', 'true');
  await page.getByRole('main').getByRole('button', { name: 'Clear the search' }).click();
  await expect(page.getByRole('tree')).toBeVisible();
});

test('a facet takes values in and out, excludes them and is cleared', async ({ page }) => {
  await page.goto('/');
  const services = facet(page, 'service');
  await services.getByRole('button', { name: /^shop-web/ }).click();
  expect(queryParams(page).get('query')).toBe('service:shop-web');
  await services.getByRole('button', { name: /^payments/ }).click();
  expect(queryParams(page).get('query')).toBe('service:(shop-web OR payments)');
  await services.getByRole('button', { name: /^shop-web/ }).click();
  expect(queryParams(page).get('query')).toBe('service:payments');
  await services.getByRole('button', { name: 'Exclude service payments' }).click();
  expect(queryParams(page).get('query')).toBe('-service:payments');
  await services.getByRole('button', { name: 'Clear' }).click();
  expect(queryParams(page).get('query')).toBeNull();
  await page.goBack();
  await expect(page.getByRole('combobox', { name: 'Search for profiles' })).toHaveValue('-service:payments');
});

test('any tag becomes a facet, of the reader or of the search', async ({ page }) => {
  await page.goto('/?v=2&query=pod_name:shop');
  await expect(facet(page, 'pod_name')).toBeVisible();
  await page.getByRole('button', { name: 'Add a tag' }).click();
  await page.getByRole('searchbox', { name: 'Find a tag' }).fill('kube');
  await page.getByRole('button', { name: /^kube_namespace/ }).click();
  await facet(page, 'kube_namespace')
    .getByRole('button', { name: /^platform/ })
    .click();
  expect(queryParams(page).get('query')).toBe('pod_name:shop kube_namespace:platform');
  await page.goto('/');
  await expect(facet(page, 'pod_name')).toHaveCount(0);
  await expect(facet(page, 'kube_namespace')).toBeVisible();
  await page.getByRole('button', { name: 'Take kube_namespace out of the panel' }).click();
  await expect(facet(page, 'kube_namespace')).toHaveCount(0);
});

test('values that are many are searched on the server, and folded facets ask for nothing', async ({
  page,
}) => {
  await page.goto('/');
  const hosts = facet(page, 'host');
  await hosts.getByRole('button', { name: 'Show 16 more' }).click();
  await hosts.getByRole('searchbox', { name: 'Find a host' }).fill('payments');
  await expect(hosts.getByRole('button', { name: /^payments-/ })).toHaveCount(3);
  await expect(hosts.getByRole('button', { name: /^search-api/ })).toHaveCount(0);
  expect(mock.requests.some((request) => request.includes('facet=host&prefix=payments'))).toBe(true);
  await hosts.getByRole('button', { name: 'host', exact: true }).click();
  await expect.poll(() => mock.requests.at(-1)).not.toContain('facet=host');
});

test('a measure is narrowed by its handles, by keyboard, and widened again', async ({ page }) => {
  await page.goto('/');
  expect(mock.requests.some((request) => request.includes('/measures'))).toBe(false);
  await page.getByRole('button', { name: 'Add a tag' }).scrollIntoViewIfNeeded();
  const low = page.getByRole('slider', { name: 'CPU, at least' });
  await low.focus();
  await page.keyboard.press('PageUp');
  await page.keyboard.press('ArrowRight');
  await expect(low).toHaveAttribute('aria-valuetext', /cores$/);
  await expect.poll(() => queryParams(page).get('query')).toMatch(/^@cpu_cores:\[[\d.]+ TO \*\]$/);
  await page.getByRole('slider', { name: 'CPU, at most' }).focus();
  await page.keyboard.press('PageDown');
  await expect.poll(() => queryParams(page).get('query')).toMatch(/^@cpu_cores:\[[\d.]+ TO [\d.]+\]$/);
  await page.getByRole('button', { name: 'Clear CPU' }).click();
  expect(queryParams(page).get('query')).toBeNull();
  await page.getByRole('button', { name: 'Go metrics' }).click();
  await expect(page.getByRole('slider', { name: 'Goroutines, at least' })).toBeVisible();
});

test('on a narrow screen the filters are in a drawer, and asked for when it opens', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/');
  await expect(page.getByText('421 profiles')).toBeVisible();
  expect(mock.requests.filter((request) => request.includes('facet=host'))).toEqual([]);
  await page.getByRole('button', { name: 'Filters' }).click();
  await facet(page, 'env').getByRole('button', { name: /^prod/ }).click();
  expect(queryParams(page).get('query')).toBe('env:prod');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog', { name: 'Filters' })).toHaveCount(0);
});

test('a time range is chosen from the list and by brushing over the chart', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: /^Time range/ }).click();
  await page.getByRole('button', { name: 'Past 4 hours' }).click();
  expect(queryParams(page).get('from')).toBe('now-4h');

  const chart = page.locator('.series-plot .u-over');
  // The chart of the time before stays until the other is there.
  await expect(page.locator('.chart-plot .busy')).toHaveAttribute('data-busy', 'false');
  const box = await chart.boundingBox();
  if (!box) throw new Error('the chart has no place');
  await page.mouse.move(box.x + box.width * 0.25, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + 40, { steps: 5 });
  await page.mouse.up();
  await expect.poll(() => queryParams(page).get('to')).toMatch(/^2026-11-20T14:/);
  const from = Date.parse(queryParams(page).get('from') ?? '');
  const to = Date.parse(queryParams(page).get('to') ?? '');
  expect(Math.round((to - from) / 60_000)).toBeGreaterThan(25);
  expect(Math.round((to - from) / 60_000)).toBeLessThan(35);
  await expect(page.getByRole('button', { name: 'Live' })).toBeDisabled();
});

test('a time range is typed, moved and widened by keyboard', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: /^Time range/ }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('spinbutton', { name: 'Amount' }).fill('90');
  await page.getByRole('combobox', { name: 'Unit' }).selectOption('minutes');
  await page.getByRole('spinbutton', { name: 'Amount' }).focus();
  await page.keyboard.press('Enter');
  expect(queryParams(page).get('from')).toBe('now-90m');
  await expect(page.getByRole('button', { name: 'Time range: Past 90 minutes' })).toBeFocused();
  await expect(page.getByRole('button', { name: 'Later' })).toBeDisabled();
  await page.getByRole('button', { name: 'Twice as long' }).click();
  expect(queryParams(page).get('from')).toBe('now-180m');
  await page.getByRole('button', { name: 'Earlier' }).click();
  expect(queryParams(page).get('to')).toBe('2026-11-20T13:00:00.000Z');
  await page.getByRole('button', { name: 'Later' }).click();
  expect(queryParams(page).get('from')).toBe('now-3h');
  await page.getByRole('button', { name: /^Time range/ }).click();
  await expect(page.getByText(/^Times are in/)).toContainText('UTC');
});

test('live asks again by itself', async ({ page }) => {
  await page.clock.install({ time: NOW });
  await page.goto('/?v=1&live=1');
  await expect(page.getByRole('tree')).toBeVisible();
  const asked = (): number => mock.requests.filter((request) => request.startsWith('GET /series')).length;
  const before = asked();
  await page.clock.runFor(11_000);
  await expect.poll(asked).toBeGreaterThan(before);
});

test('measure and grouping of the chart are in the address', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: /^Measure/ }).click();
  await page.getByRole('option', { name: 'Allocation rate', exact: true }).first().click();
  await page.getByRole('button', { name: /^Chart by/ }).click();
  await page.getByRole('combobox', { name: 'Chart by' }).fill('vers');
  await page.keyboard.press('Enter');
  expect(queryParams(page).get('measure')).toBe('alloc_bytes_per_second');
  expect(queryParams(page).get('group')).toBe('version');
  await expect
    .poll(() => mock.requests.join('\n'))
    .toContain('measure=alloc_bytes_per_second&group_by=version');
});

test('by thread the chart goes over to the value type, and back to a measure of profiles', async ({
  page,
}) => {
  await page.goto('/');
  await page.getByRole('button', { name: /^Chart by/ }).click();
  await page.getByRole('option', { name: 'thread' }).click();
  expect(queryParams(page).get('measure')).toBe('type:cpu-time');
  await expect.poll(() => mock.requests.join('\n')).toContain('type=cpu-time&group_by=label%3Athread');
  await page.getByRole('button', { name: /^Measure/ }).click();
  await page.getByRole('option', { name: 'Goroutines' }).click();
  expect(queryParams(page).get('measure')).toBe('metrics.go_num_goroutine');
  expect(queryParams(page).get('group')).toBeNull();
});

test('label filters are said where the chart is subject to them', async ({ page }) => {
  const filters = page.getByRole('list', { name: 'Label filters' });
  await page.goto('/?v=2&tab=series&measure=cpu_cores&filter=thread:a');
  await expect(page.getByRole('region', { name: 'Lines of the chart' })).toBeVisible();
  await expect(filters).toHaveCount(0);
  await page.goto('/?v=2&tab=series&measure=type:cpu-time&filter=thread:a');
  await expect(filters).toHaveText('thread:a');
  await page.goto('/?v=2&tab=profiles&measure=type:cpu-time&filter=thread:a');
  await filters.getByRole('button').click();
  expect(queryParams(page).has('filter')).toBe(false);
});

test('a folded chart asks for nothing, and is folded for whoever opens the link', async ({ page }) => {
  await page.goto('/');
  await expect(page.locator('.series-plot canvas')).toBeVisible();
  await page.getByRole('button', { name: 'Fold the chart' }).click();
  await expect(page.locator('.series-plot')).toHaveCount(0);
  mock.requests.length = 0;
  await page.reload();
  await expect(page.getByRole('tree')).toBeVisible();
  expect(mock.requests.filter((request) => request.includes('/series'))).toEqual([]);
});

test('the large chart lists what its lines come to, and a click narrows to one', async ({ page }) => {
  await page.goto('/?v=2&tab=series');
  const table = page.getByRole('region', { name: 'Lines of the chart' });
  await expect(table.getByRole('row').nth(1)).toContainText(/shop-web.*cores.*cores.*cores/);
  await page.getByRole('radio', { name: 'Stacked' }).check();
  await page.getByRole('combobox', { name: 'Lines' }).selectOption('20');
  expect(queryParams(page).get('stacked')).toBe('1');
  await expect.poll(() => mock.requests.at(-1)).toContain('limit=20');
  await table.getByRole('button', { name: 'Exclude payments' }).click();
  await table.getByRole('button', { name: 'shop-web', exact: true }).click();
  expect(queryParams(page).get('query')).toBe('service:shop-web');
});

test('the top list is by anything, and a row narrows every view', async ({ page }) => {
  await page.goto('/?v=2&tab=top');
  const list = (name: string) => page.getByRole('region', { name });
  await expect(list('Top functions').getByRole('row').nth(1)).toContainText('socket.sendall');
  await page.getByRole('button', { name: /^List by: function/ }).click();
  await page.getByRole('combobox', { name: 'List by' }).fill('endp');
  await page.keyboard.press('Enter');
  const endpoints = list('Top endpoints');
  await expect(endpoints.getByRole('row').nth(1)).toContainText(/GET \/orders.*48,210.*33\.5 ms/);
  await expect(endpoints.getByRole('row').nth(5)).toContainText('(no endpoint)');
  await endpoints.getByRole('button', { name: 'GET /search', exact: true }).click();
  expect(queryParams(page).getAll('filter')).toEqual(['endpoint:GET /search']);
  await endpoints.getByRole('button', { name: 'Show GET /search in the flame graph' }).click();
  await expect(page.getByRole('tree')).toBeVisible();
  expect(queryParams(page).getAll('filter')).toEqual(['endpoint:GET /search']);
});

test('rows of the top list are found on the server and can be excluded', async ({ page }) => {
  await page.goto('/?v=2&tab=top&by=service&fsort=-total');
  const list = page.getByRole('region', { name: 'Top services' });
  await expect(list.getByText('37 others')).toBeVisible();
  await page.getByRole('searchbox', { name: 'Find services' }).fill('pay');
  await expect(list.getByRole('row')).toHaveCount(3);
  await expect.poll(() => mock.requests.at(-1)).toContain('search=pay');
  await list.getByRole('button', { name: 'Exclude payments' }).click();
  expect(queryParams(page).get('query')).toBe('-service:payments');
});

test('groups of up to three tags are compared in a table', async ({ page }) => {
  await page.goto('/?v=2&tab=table');
  const groups = page.getByRole('region', { name: 'Groups' });
  await expect(groups.getByRole('row')).toHaveCount(7);
  await page.getByRole('button', { name: /^Tags of the table/ }).click();
  await page.getByRole('option', { name: 'version', exact: true }).click();
  await page.getByRole('button', { name: /^Columns/ }).click();
  await page.getByRole('option', { name: 'Goroutines' }).click();
  await page.keyboard.press('Escape');
  await expect(groups.getByRole('columnheader', { name: 'Goroutines' })).toBeVisible();
  await groups.getByRole('button', { name: 'Allocation rate' }).click();
  await expect.poll(() => mock.requests.at(-1)).toContain('sort=-alloc_bytes_per_second');
  expect(mock.requests.at(-1)).toContain('group_by=service&group_by=version');
  await groups.getByRole('button', { name: 'service' }).click();
  expect(queryParams(page).get('table_sort')).toBe('service');
  await groups.getByRole('button', { name: 'payments' }).first().click();
  expect(queryParams(page).get('query')).toBe('service:payments version:7.3.0');
});

test('two profiles are chosen to be compared', async ({ page }) => {
  await page.goto('/?v=2&tab=profiles&column=metrics.go_num_goroutine');
  await expect(page.getByRole('columnheader', { name: 'Goroutines' })).toBeVisible();
  const boxes = page.getByRole('region', { name: 'Profiles' }).getByRole('checkbox');
  await boxes.nth(0).check();
  await expect(page.getByRole('button', { name: 'Compare the two' })).toBeDisabled();
  await boxes.nth(2).check();
  await boxes.nth(3).check();
  await expect(boxes.nth(2)).not.toBeChecked();
  await page.getByRole('button', { name: 'Compare the two' }).click();
  await expect(page).toHaveURL(/\/compare\?.*a\.profile=[0-9a-f]{16}&b\.profile=[0-9a-f]{16}/);
});

test('the list of profiles sorts, goes on and opens one', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('tab', { name: /^Profiles/ }).click();
  const rows = page.getByRole('region', { name: 'Profiles' }).locator('tbody tr');
  await expect(rows).toHaveCount(60);
  await page.getByRole('button', { name: 'CPU', exact: true }).click();
  expect(queryParams(page).get('sort')).toBe('-cpu_cores');
  await expect(page.getByRole('columnheader', { name: 'CPU' })).toHaveAttribute('aria-sort', 'descending');
  await page.getByRole('button', { name: 'Show more' }).click();
  await expect(rows).toHaveCount(100);
  await expect(page.getByRole('button', { name: 'Show more' })).toHaveCount(0);

  await rows.nth(2).getByRole('link').click();
  await expect(page).toHaveURL(/\/profiles\/[0-9a-f]{16}/);
  await expect(page.getByRole('heading', { level: 1, name: 'shop-web' })).toBeVisible();
  await page.getByRole('link', { name: 'All profiles', exact: true }).click();
  await expect(rows).toHaveCount(100);
});

test('a profile shows its upload and gives everything back', async ({ page }) => {
  await page.goto('/profiles/0329af6554c00000?tab=details&v=1');
  await expect(page.getByText('kube_namespace')).toBeVisible();
  await expect(page.getByText('djangorestframework')).toBeVisible();
  await page.getByRole('button', { name: 'Download what was uploaded' }).click();
  for (const name of [/^Original upload/, /^auto.pprof/, /^metrics.json/]) {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name }).click(),
    ]);
    expect(download.url()).toContain('/api/v1/profiles/');
  }
  await page.getByRole('link', { name: 'env prod' }).first().click();
  await expect(page.getByRole('combobox', { name: 'Search for profiles' })).toHaveValue(
    'service:shop-web env:prod',
  );
});

test('retention is shown and can be set', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Settings' }).click();
  const dialog = page.getByRole('dialog', { name: 'Settings' });
  await expect(dialog.getByLabel('Days')).toHaveValue('8');
  await expect(dialog.getByText('119 GiB of 200 GiB')).toBeVisible();
  await dialog.getByLabel('Days').fill('3');
  await expect(dialog.getByText('deleted for good')).toBeVisible();
  await dialog.getByLabel('At most this much, GiB').fill('10');
  const [request] = await Promise.all([
    page.waitForRequest((each) => each.method() === 'PUT'),
    dialog.getByRole('button', { name: 'Save' }).click(),
  ]);
  expect(request.postDataJSON()).toEqual({
    max_age_seconds: 259_200,
    max_disk_share: 0.5,
    max_bytes: 10_737_418_240,
  });
  await expect(dialog.getByText('Saved.')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
});

test('the theme is remembered and not in the address', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto('/');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.getByRole('button', { name: /^Theme: system/ }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  expect(page.url()).not.toContain('theme');
});
