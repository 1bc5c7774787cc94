import { readFileSync } from 'node:fs';

import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

import { breadcrumb, facet, queryParams, selectedFrame, tree } from './steps.ts';

/**
 * The page as a real server sends it, on whatever profiles that server has. `VESTA_URL` says where it is and
 * `VESTA_TOKEN`, where it demands one, how to get in; `cargo xtask test` sets both.
 */
const url = process.env['VESTA_URL'];
const token = process.env['VESTA_TOKEN'];
/** Profiles of any age count: the server may hold fixtures of another day. */
const ALL_TIME = 'v=1&from=2020-01-01T00:00:00Z&to=now';

if (!url) {
  console.warn('\n*** VESTA_URL is not set: the page is NOT tested against a real server. ***\n');
}

test.skip(!url, 'VESTA_URL is not set');

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
});

async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  if (!token) return;
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('the flame graph of everything shows, and the policy blocks nothing', async ({ page }) => {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('401')) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await open(page, `/?${ALL_TIME}`);
  await expect(tree(page)).toBeVisible();
  await expect(breadcrumb(page)).toHaveText(/^All \S/);
  await expect(page.getByText(/^Based on [1-9][\d,]* samples? in [1-9][\d,]* profiles?/)).toBeVisible();
  await expect(page.locator('.series-plot canvas')).toBeVisible();
  expect(complaints).toEqual([]);
});

test('a token is demanded exactly where one is needed', async ({ page }) => {
  await page.goto('/');
  const form = page.getByRole('heading', { name: 'Sign in to Vesta' });
  if (!token) {
    await expect(page.getByRole('combobox', { name: 'Search for profiles' })).toBeVisible();
    await expect(form).toHaveCount(0);
    return;
  }
  await expect(form).toBeVisible();
  await page.getByLabel('Token').fill('vst_certainly_not_this_one');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('combobox', { name: 'Search for profiles' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('combobox', { name: 'Search for profiles' })).toBeVisible();
});

test('a click on a facet narrows, and a search does the same', async ({ page }) => {
  await open(page, `/?${ALL_TIME}`);
  const first = facet(page, 'service').locator('.facet-value').first();
  await expect(first).toBeVisible();
  const service = (await first.locator('.facet-name').textContent()) ?? '';
  await first.click();
  await expect.poll(() => queryParams(page).get('query')).toContain(service);
  await page.getByRole('tab', { name: /^Profiles/ }).click();
  const services = page.getByRole('region', { name: 'Profiles' }).locator('tbody tr td:nth-child(3)');
  await expect(services.first()).toHaveText(service);
  expect(new Set(await services.allTextContents())).toEqual(new Set([service]));

  const box = page.getByRole('combobox', { name: 'Search for profiles' });
  await box.fill('service:no-such-service-anywhere');
  await box.press('Enter');
  await expect(page.getByRole('heading', { name: 'No profile matches' })).toBeVisible();
  await box.fill(`service:"${service}"`);
  await box.press('Enter');
  await expect(services.first()).toHaveText(service);
});

test('completion knows the services', async ({ page }) => {
  await open(page, `/?${ALL_TIME}`);
  const box = page.getByRole('combobox', { name: 'Search for profiles' });
  await box.fill('service:');
  await expect(page.getByRole('listbox').getByRole('option').first()).toBeVisible();
});

test('a mistake in the search is explained', async ({ page }) => {
  await open(page, `/?${ALL_TIME}`);
  const box = page.getByRole('combobox', { name: 'Search for profiles' });
  await expect(box).toBeVisible();
  await box.fill('service:(web');
  await box.press('Enter');
  await expect(page.getByRole('alert').first()).toBeVisible();
});

test('the flame graph zooms by keyboard and the address keeps it', async ({ page }) => {
  await open(page, `/?${ALL_TIME}`);
  await expect(tree(page)).toBeVisible();
  await tree(page).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  const name = (await selectedFrame(page).getAttribute('aria-label'))?.split(', total')[0] ?? '';
  await page.keyboard.press('Enter');
  await expect.poll(() => queryParams(page).get('zoom')).not.toBeNull();
  await page.reload();
  await expect(selectedFrame(page)).toHaveAttribute('aria-label', new RegExp(`^${escaped(name)}, `));
  await tree(page).focus();
  await page.keyboard.press('Home');
  await expect(breadcrumb(page)).toHaveText(/^All \S/);
});

test('a click zooms the flame graph', async ({ page }) => {
  await open(page, `/?${ALL_TIME}`);
  const canvas = page.getByTestId('flame-canvas');
  await expect(canvas).toHaveAttribute('style', /width/);
  await canvas.click({ position: { x: 20, y: 30 } });
  await expect.poll(() => queryParams(page).get('zoom')).not.toBeNull();
});

test('every granularity and value type answers', async ({ page }) => {
  await open(page, `/?${ALL_TIME}`);
  for (const name of ['Line', 'File', 'Package', 'Function']) {
    await page.getByRole('radio', { name }).check();
    await expect(tree(page)).toBeVisible();
  }
  const select = page.getByRole('button', { name: /^Value type/ });
  await select.click();
  const types = page.locator('.type-menu .menu-item .strong');
  const names = await types.allTextContents();
  expect(names.length).toBeGreaterThan(0);
  await page.keyboard.press('Escape');
  for (const name of names) {
    await select.click();
    await page
      .locator('.type-menu .menu-item')
      .filter({ has: page.getByText(name, { exact: true }) })
      .first()
      .click();
    await expect(page.getByRole('button', { name: `Value type: ${name}` })).toBeVisible();
    await expect(tree(page)).toBeVisible();
  }
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('every sorting of the list and every measure of the chart answers', async ({ page }) => {
  await open(page, `/?${ALL_TIME}&tab=profiles`);
  const list = page.getByRole('region', { name: 'Profiles' });
  for (const name of ['Duration', 'CPU', 'Allocation rate', 'Wall time', 'Samples', 'Start']) {
    await list.getByRole('button', { name, exact: true }).click();
    await expect(list.locator('tbody tr').first()).toBeVisible();
  }
  for (const name of ['Wall time', 'Allocation rate', 'Samples', 'Profiles']) {
    await page.getByRole('button', { name: /^Measure:/ }).click();
    await page
      .getByRole('group', { name: 'Measures of profiles' })
      .getByRole('option', { name, exact: true })
      .click();
    await expect(page.locator('.chart-plot [role="alert"]')).toHaveCount(0);
  }
  await page.getByRole('button', { name: /^Chart by/ }).click();
  await page.getByRole('option', { name: /^version\s*[\d.k]*$/ }).click();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('measures narrow, and the top list answers by everything', async ({ page }) => {
  await open(page, `/?${ALL_TIME}&tab=top`);
  for (const by of ['line', 'package', 'endpoint', 'service']) {
    await page.getByRole('button', { name: /^List by/ }).click();
    // Tags say beside their name how many profiles have them.
    await page.getByRole('option', { name: new RegExp(`^${by}\\s*[\\d.k]*$`) }).click();
    const rows = page.getByRole('region', { name: /^Top / }).locator('tbody tr');
    await expect(rows.first()).toBeVisible();
  }
  await expect(page.getByRole('alert')).toHaveCount(0);
  await page.getByRole('button', { name: 'Add a tag' }).scrollIntoViewIfNeeded();
  await page.getByRole('slider', { name: 'CPU, at least' }).focus();
  await page.keyboard.press('PageUp');
  await expect(page.getByRole('list', { name: 'Search terms' })).toContainText('CPU');
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('a profile opens, and its original upload can be downloaded', async ({ page }) => {
  await open(page, `/?${ALL_TIME}&tab=profiles`);
  await page.getByRole('region', { name: 'Profiles' }).locator('tbody tr').first().getByRole('link').click();
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.getByRole('tree').or(page.getByText('No samples to show'))).toBeVisible();
  await page.getByRole('button', { name: 'Download what was uploaded' }).click();
  const [upload] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: /Original upload/ }).click(),
  ]);
  const bytes = readFileSync(await upload.path());
  expect(bytes.length).toBeGreaterThan(100);
  expect(bytes.includes('event')).toBe(true);

  await page.getByRole('tab', { name: 'Runtime info' }).click();
  const attachment = page.locator('.details a[download]').first();
  await expect(attachment).toBeVisible();
  const [part] = await Promise.all([page.waitForEvent('download'), attachment.click()]);
  expect(bytes.includes(readFileSync(await part.path()))).toBe(true);
});

test('the table beside the flame graph has rows of every kind', async ({ page }) => {
  await open(page, '/');
  await page.getByRole('combobox', { name: 'Search for profiles' }).waitFor();
  for (const by of [
    'frame:line',
    'frame:file',
    'frame:package',
    'label:endpoint',
    'label:thread',
    'version',
  ]) {
    await page.goto(`/?${ALL_TIME}&by=${encodeURIComponent(by)}`);
    await expect(page.locator('.side-table tbody tr').first()).toBeVisible();
  }
  const row = page.locator('.side-table tbody tr').first().getByRole('button').first();
  await row.click();
  await expect(row).toHaveAttribute('aria-pressed', 'true');
  await expect(tree(page)).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('a profile has metrics, runtime info and related profiles', async ({ page }) => {
  await open(page, `/?${ALL_TIME}&tab=profiles&sort=-samples`);
  await page.getByRole('region', { name: 'Profiles' }).locator('tbody tr').first().getByRole('link').click();
  await page.getByRole('tab', { name: 'Metrics' }).click();
  await expect(page.getByRole('img', { name: /^CPU: .* cores?, median/ })).toBeVisible();
  await page.getByRole('tab', { name: 'Runtime info' }).click();
  await expect(page.getByRole('heading', { name: /^Tags/ })).toBeVisible();
  await page.getByRole('tab', { name: 'Related' }).click();
  await expect(page.getByRole('heading', { name: /^The same process/ })).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('a permalink keeps what it shows, until it is deleted', async ({ page }) => {
  await open(page, `/?${ALL_TIME}&by=frame:package`);
  await expect(tree(page)).toBeVisible();
  await page.getByRole('button', { name: 'Share and download' }).click();
  await page.getByRole('button', { name: /^Make a link that keeps the data/ }).click();
  const address = page.getByRole('textbox', { name: 'Permalink' });
  await expect(address).toBeVisible();
  await page.goto(new URL(await address.inputValue()).pathname);
  const banner = page.getByRole('complementary', { name: 'Permalink' });
  await expect(banner).toContainText(/Pinned \d+ profiles? as of/);
  await expect(page.getByRole('region', { name: 'Packages' })).toBeVisible();
  await banner.getByRole('button', { name: 'Delete the link' }).click();
  await banner.getByRole('button', { name: 'Delete it for everybody' }).click();
  await expect(banner).toHaveCount(0);
});

test('the merged flame graph can be taken along', async ({ page }) => {
  await open(page, `/?${ALL_TIME}`);
  await page.getByRole('button', { name: 'Share and download' }).click();
  for (const name of [/^pprof/, /^Collapsed/, /^SVG/, /^JSON/]) {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name }).click(),
    ]);
    expect(readFileSync(await download.path()).length).toBeGreaterThan(20);
  }
});

test('settings show the retention and the state of the store', async ({ page }) => {
  await open(page, `/?${ALL_TIME}`);
  await page.getByRole('button', { name: 'Settings' }).click();
  const dialog = page.getByRole('dialog', { name: 'Settings' });
  await expect(dialog.getByLabel('Days')).not.toHaveValue('');
  await expect(dialog.getByText('Disk free')).toBeVisible();
});

test('what the real server sends is accessible as well', async ({ page }) => {
  await open(page, `/?${ALL_TIME}`);
  await expect(tree(page)).toBeVisible();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`),
  ).toEqual([]);
});

test('the fixtures of the other tests have the shape of what the server sends', async ({ page }) => {
  await open(page, `/?${ALL_TIME}`);
  await expect(tree(page)).toBeVisible();
  const range = 'from=2020-01-01T00:00:00Z&to=now';
  const ask = async (path: string): Promise<unknown> => {
    const response = await page.request.get(`/api/v1${path}`);
    expect(response.status(), path).toBe(200);
    return response.json();
  };
  const profiles = (await ask(`/profiles?${range}&sort=-cpu_cores`)) as { columns: { id: string[] } };
  const answers: [fixture: string, answer: unknown][] = [
    ['profiles', profiles],
    ['profile', await ask(`/profiles/${profiles.columns.id[0]}`)],
    ['facets', await ask(`/facets?${range}`)],
    ['tags', await ask(`/tags?${range}`)],
    ['types', await ask(`/types?${range}`)],
    ['series', await ask(`/series?${range}`)],
    ['flamegraph', await ask(`/flamegraph?${range}`)],
    ['top', await ask(`/top?${range}`)],
    ['labels', await ask(`/labels?${range}`)],
    ['compare', await ask(`/compare?a.${range.replace('&', '&a.')}&b.${range.replace('&', '&b.')}`)],
    ['status', await ask('/status')],
    ['retention', await ask('/settings/retention')],
  ];
  for (const [name, answer] of answers) {
    const fixture: unknown = JSON.parse(
      readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8'),
    );
    expect(differences(fixture, answer, name)).toEqual([]);
  }
});

/** Where the answer lacks something the fixture has, or has it in another type. Maps by name are not compared. */
function differences(fixture: unknown, answer: unknown, path: string): string[] {
  if (fixture === null || answer === null) return [];
  if (Array.isArray(fixture)) {
    if (!Array.isArray(answer)) return [`${path} is no array`];
    return fixture.length > 0 && answer.length > 0 ? differences(fixture[0], answer[0], `${path}[0]`) : [];
  }
  if (typeof fixture !== typeof answer) return [`${path} is ${typeof answer}, not ${typeof fixture}`];
  if (typeof fixture !== 'object' || typeof answer !== 'object') return [];
  if (/\.(metrics|measures|endpoint_counts|info)$/.test(path)) return [];
  const found = new Map(Object.entries(answer));
  return Object.entries(fixture).flatMap(([key, value]) =>
    found.has(key) ? differences(value, found.get(key), `${path}.${key}`) : [`${path}.${key} is missing`],
  );
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
