import { expect, test } from '@playwright/test';

import { mockApi, NOW } from './mock-api.ts';
import { breadcrumb, tree } from './steps.ts';

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.clock.setFixedTime(NOW);
});

test('without a session a token is asked for, and a wrong one is refused', async ({ page }) => {
  await mockApi(page, { token: 'vst_right' });
  await page.goto('/?v=1&query=service:shop-web');
  await page.getByLabel('Token').fill('vst_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toHaveText('this token is not known');
  await page.getByLabel('Token').fill('vst_right');
  await page.keyboard.press('Enter');
  await expect(tree(page)).toBeVisible();
  await expect(page.getByRole('combobox', { name: 'Search for profiles' })).toHaveValue('service:shop-web');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in to Vesta' })).toBeVisible();
});

test('a session that ends brings up the form again', async ({ page }) => {
  const mock = await mockApi(page);
  await page.goto('/');
  await expect(tree(page)).toBeVisible();
  mock.options = { token: 'vst_new' };
  await page.getByRole('tab', { name: 'Top' }).click();
  const form = page.getByRole('heading', { name: 'Sign in to Vesta' });
  // The list of the tab before may have brought it up already.
  await page
    .getByRole('tab', { name: /^Profiles/ })
    .or(form)
    .first()
    .click();
  await expect(form).toBeVisible();
});

test('an empty store explains how to send profiles and turns into data by itself', async ({ page }) => {
  await page.clock.install({ time: NOW });
  const mock = await mockApi(page, { isEmpty: true });
  await page.goto('/?v=1&live=1');
  await expect(page.getByRole('heading', { name: 'Waiting for the first profile' })).toBeVisible();
  await expect(page.getByText('ddtrace-run python app.py')).toBeVisible();
  await page.getByRole('radio', { name: 'Node.js' }).check();
  await expect(page.getByText('npm install dd-trace')).toBeVisible();
  await page.getByRole('radio', { name: 'In Docker' }).check();
  await expect(page.getByText('-e DD_TRACE_AGENT_URL=unix:///run/vesta/sdk.sock')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Nothing yet?' })).toHaveCount(0);
  await page.clock.runFor(61_000);
  await expect(page.getByRole('heading', { name: 'Nothing yet?' })).toBeVisible();
  await expect(page.getByText('No upload has reached the server since its start.')).toBeVisible();
  mock.options = {};
  await page.clock.runFor(20_000);
  await expect(tree(page)).toBeVisible();
});

test('an empty store without live also turns into data', async ({ page }) => {
  await page.clock.install({ time: NOW });
  const mock = await mockApi(page, { isEmpty: true });
  await page.goto('/');
  await expect(page.getByRole('heading', { name: 'Waiting for the first profile' })).toBeVisible();
  mock.options = {};
  await page.clock.runFor(20_000);
  await expect(tree(page)).toBeVisible();
});

test('a scope without profiles says what else there is', async ({ page }) => {
  await mockApi(page);
  await page.goto('/?v=1&query=service:none');
  await expect(page.getByRole('heading', { name: 'No profile matches' })).toBeVisible();
  await expect(page.getByText('182,440 profiles are stored, and none of them matches.')).toBeVisible();
  await page.getByRole('button', { name: 'Clear the search' }).last().click();
  await expect(tree(page)).toBeVisible();
});

test('a failure shows what the server says, and trying again helps', async ({ page }) => {
  await page.clock.install({ time: NOW });
  const mock = await mockApi(page, { failing: ['/flamegraph'] });
  await page.goto('/');
  await expect(page.getByRole('tab', { name: 'Flame graph' })).toBeVisible();
  await page.clock.runFor(10_000);
  const alert = page.getByRole('alert');
  await expect(alert).toContainText('the tables are being rebuilt');
  await expect(alert).toContainText('try again in a minute');
  mock.options = {};
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(tree(page)).toBeVisible();
});

test('profiles without samples are told from no profiles, and each says why', async ({ page }) => {
  const mock = await mockApi(page, { withoutSamples: true });
  await page.goto('/?v=2');
  await expect(page.getByRole('heading', { name: 'No samples to show' })).toBeVisible();
  await expect(page.getByText(/There are 421 profiles here/)).toBeVisible();
  mock.options = {
    ...mock.options,
    profile: { samples: 0, types: [], problems: ['part cpu.pprof: is not readable as pprof'] },
  };
  await page.getByRole('button', { name: 'List the profiles' }).click();
  await page.getByRole('row').nth(1).getByRole('link').first().click();
  await expect(page.getByText('part cpu.pprof: is not readable as pprof')).toBeVisible();
});

test('on a slow network the last answer stays until the next is here', async ({ page }) => {
  const mock = await mockApi(page);
  await page.goto('/');
  await expect(breadcrumb(page)).toContainText('1 h 36 min');
  let answer = (): void => undefined;
  mock.options = { until: new Promise((resolve) => (answer = resolve)) };
  await page.getByRole('button', { name: 'Value type: cpu-time' }).click();
  await page.getByRole('button', { name: /^alloc-space/ }).click();
  await expect
    .poll(() => mock.requests.some((request) => /flamegraph.*alloc-space/.test(request)))
    .toBe(true);
  await expect(breadcrumb(page)).toContainText('1 h 36 min');
  answer();
  await expect(breadcrumb(page)).toContainText('GiB');
});

test('what could not be read is told, and the rest is shown', async ({ page }) => {
  await mockApi(page, { isPartial: true });
  await page.goto('/');
  await page.getByRole('button', { name: 'One part left out' }).click();
  await expect(page.getByText('a stack refers to a frame that is not there')).toBeVisible();
  await expect(tree(page)).toBeVisible();
});

test('few samples come with a warning', async ({ page }) => {
  await mockApi(page, { fewSamples: true, longNames: true });
  await page.goto('/');
  await expect(page.getByText('Few samples, small shares are chance.')).toBeVisible();
  await expect(page.getByText('Based on 17 samples in 1 profile')).toBeVisible();
});

test('a strict content security policy blocks nothing', async ({ page }) => {
  const violations: string[] = [];
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) violations.push(message.text());
  });
  await mockApi(page);
  await page.route('/', async (route) => {
    const response = await route.fetch();
    await route.fulfill({
      response,
      headers: {
        ...response.headers(),
        'content-security-policy':
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'",
      },
    });
  });
  await page.goto('/');
  await expect(tree(page)).toBeVisible();
  await expect(page.locator('.series-plot canvas')).toBeVisible();
  await page.getByRole('button', { name: 'Settings' }).click();
  await expect(page.getByLabel('Days')).toBeVisible();
  expect(violations).toEqual([]);
});
