import { expect, test, type Page } from '@playwright/test';

import { mockApi, NOW, type MockApi } from './mock-api.ts';
import { tree } from './steps.ts';

let mock: MockApi;

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.clock.setFixedTime(NOW);
  mock = await mockApi(page);
});

test('a file that is dropped anywhere opens as a profile of its own', async ({ page }) => {
  await page.goto('/');
  await tree(page).waitFor();
  await drag(page, 'dragenter', ['cpu.pprof']);
  await expect(page.getByText('Drop to open')).toBeVisible();
  await drag(page, 'drop', ['cpu.pprof']);
  await expect(page).toHaveURL(/\/opened\/0000000000000001/);
  await expect(page.getByText('Drop to open')).toBeHidden();
  const banner = page.getByRole('region', { name: 'Opened file' });
  await expect(banner).toContainText('cpu.pprof is open for an hour and not stored.');
  expect(mock.requests).toContain('POST /opened?name=cpu.pprof');
  await tree(page).waitFor();
  const asked = mock.requests.filter((request) => request.includes('/flamegraph')).at(-1);
  expect(asked).toContain('profile=0000000000000001');
  expect(asked).toContain('source=opened');
});

test('an opened file is kept under a name, and is a stored profile then', async ({ page }) => {
  await page.goto('/');
  await open(page, ['cpu.pprof']);
  await page.getByRole('button', { name: 'Keep it' }).click();
  await page.getByLabel('Service').fill('checkout');
  await page.getByLabel('Environment').fill('prod');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/profiles\/0329af6554c00000$/);
  expect(mock.requests).toContain('POST /opened/0000000000000001/keep?service=checkout&env=prod');
  await expect(page.getByRole('region', { name: 'Opened file' })).toBeHidden();
});

test('of several files the first shows, the others are listed and can be compared', async ({ page }) => {
  await page.goto('/');
  await open(page, ['before.pprof', 'after.pprof']);
  await expect(page).toHaveURL(/\/opened\/0000000000000001/);
  await page.getByRole('button', { name: 'Other opened files' }).click();
  await page.getByRole('button', { name: 'after.pprof' }).click();
  await expect(page).toHaveURL(/\/opened\/0000000000000002/);
  await page.getByRole('button', { name: 'Compare with another file' }).click();
  await page.getByRole('link', { name: 'before.pprof' }).click();
  await expect(page).toHaveURL(/\/compare\?.*a\.profile=0000000000000002.*b\.profile=0000000000000001/);
  expect(new URL(page.url()).searchParams.get('a.source')).toBe('opened');
});

test('what cannot be read says what it is and what would do', async ({ page }) => {
  await page.goto('/');
  await open(page, ['notes.txt']);
  const dialog = page.getByRole('dialog', { name: 'Opening a file' });
  await expect(dialog.getByRole('alert')).toContainText('`notes.txt` is text, and no line of it is a stack');
  await expect(dialog).toContainText('Vesta reads pprof, speedscope');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  expect(new URL(page.url()).pathname).toBe('/');
});

test('sending can be given up', async ({ page }) => {
  await page.goto('/');
  await tree(page).waitFor();
  mock.options = { until: new Promise(() => undefined) };
  await open(page, ['large.pprof']);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
  expect(new URL(page.url()).pathname).toBe('/');
});

test('a link to a file that is no longer open says so', async ({ page }) => {
  await page.goto('/opened/00000000000000ee');
  await expect(page.getByRole('heading', { name: 'This file is no longer open' })).toBeVisible();
  await page.getByRole('button', { name: 'All profiles' }).click();
  await tree(page).waitFor();
});

/** By the button in the top bar, which opens the browser's dialog. */
async function open(page: Page, names: readonly string[]): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Open a file' }).click();
  const files = names.map((name) => ({ name, mimeType: '', buffer: Buffer.from('a;b 1\n') }));
  await (await chooser).setFiles(files);
}

async function drag(page: Page, type: string, names: readonly string[]): Promise<void> {
  const dataTransfer = await page.evaluateHandle((all) => {
    const transfer = new DataTransfer();
    for (const name of all) transfer.items.add(new File(['a;b 1\n'], name));
    return transfer;
  }, names);
  await page.dispatchEvent('body', type, { dataTransfer });
}
