import { fileURLToPath } from 'node:url';

import { expect, test, type Page } from '@playwright/test';

import type { ProfilesBody } from '../src/api/types.ts';
import { queryParams, tree } from './steps.ts';

/** The timeline and opened files on a real server: see `vesta.smoke.ts` for the variables. */
const url = process.env['VESTA_URL'];
const token = process.env['VESTA_TOKEN'];
const FIXTURES = new URL('../../fixtures/uploads/', import.meta.url);

test.skip(!url, 'VESTA_URL is not set');

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('/');
  if (!token) return;
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('combobox', { name: 'Search for profiles' }).waitFor();
});

test('the timeline of a profile leads to the flame graph of a second', async ({ page }) => {
  await page.goto(`/profiles/${await profileOf(page, 'python')}?v=2&tab=timeline`);
  const lanes = page.getByRole('treegrid');
  await expect(lanes.getByRole('row').first()).toBeVisible();
  await lanes.focus();
  const selected = page.getByTestId('timeline-selected');
  // The first row may be a group, which has no events of its own.
  await expect(async () => {
    await page.keyboard.press('ArrowDown');
    await expect(selected).toHaveText(/\d+ of \d+$/, { timeout: 500 });
  }).toPass();
  await page.keyboard.press('s');
  await expect(tree(page)).toBeVisible();
  const [from, to] = (queryParams(page).get('window') ?? '').split(',').map(Number);
  expect((to ?? 0) - (from ?? 0)).toBe(1000);
  await expect(page.getByText(/Based on [1-9][\d,]* samples? in 1 profile/)).toBeVisible();
});

test('a scope of several processes asks for one, and draws it', async ({ page }) => {
  await page.goto('/?v=2&tab=timeline&from=2020-01-01T00:00:00Z&to=now&query=language:python');
  const processes = page.getByRole('region', { name: 'Processes' });
  const lanes = page.getByRole('treegrid');
  const tooLong = page.getByRole('heading', { name: 'Choose a shorter time' });
  await processes.or(lanes).or(tooLong).first().waitFor();
  if (await processes.isVisible()) {
    const one = processes
      .getByRole('row')
      .filter({ has: page.getByRole('cell', { name: '1', exact: true }) });
    await one.first().getByRole('button').click();
    await expect(lanes.or(page.getByRole('heading', { name: /do not say|Nothing happened/ }))).toBeVisible();
  }
});

test('a file opens, and is not among the stored profiles', async ({ page }) => {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Open a file' }).click();
  await (await chooser).setFiles(fileURLToPath(new URL('go-02.body', FIXTURES)));
  await expect(page).toHaveURL(/\/opened\/[0-9a-f]{16}/);
  await expect(page.getByRole('region', { name: 'Opened file' })).toContainText('go-02.body');
  await expect(tree(page)).toBeVisible();
  await page.getByRole('tab', { name: 'Timeline' }).click();
  await expect(page.getByRole('heading', { name: /do not say when/ })).toBeVisible();
  const id = /opened\/([0-9a-f]+)/.exec(page.url())?.[1] ?? '';
  expect((await page.request.get(`/api/v1/profiles/${id}?source=opened`)).status()).toBe(200);
  const stored = await page.request.get('/api/v1/profiles?from=2020-01-01T00:00:00Z&limit=1000');
  expect(((await stored.json()) as ProfilesBody).columns.id).not.toContain(id);
});

test('a file that is no profile says so', async ({ page }) => {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Open a file' }).click();
  const file = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('Buy milk.\n') };
  await (await chooser).setFiles([file]);
  await expect(page.getByRole('dialog').getByRole('alert')).toContainText('notes.txt');
  await expect(page.getByRole('dialog')).toContainText('it reads pprof');
});

async function profileOf(page: Page, language: string): Promise<string> {
  const query = `from=2020-01-01T00:00:00Z&query=language:${language}&sort=-samples&limit=1`;
  const answer = await page.request.get(`/api/v1/profiles?${query}`);
  const id = ((await answer.json()) as ProfilesBody).columns.id[0];
  if (!id) throw new Error(`the server has no profile of ${language}`);
  return id;
}
