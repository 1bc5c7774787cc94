import { expect, test } from '@playwright/test';

/** What no other test draws of a real server: see `vesta.smoke.ts` for the variables. */
const url = process.env['VESTA_URL'];
const token = process.env['VESTA_TOKEN'];
const ALL_TIME = 'v=2&from=2020-01-01T00:00:00Z&to=now';

test.skip(!url, 'VESTA_URL is not set');

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('/');
  if (token) {
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }
  await page.getByRole('combobox', { name: 'Search for profiles' }).waitFor();
});

test('the call graph is laid out under the policy of the server', async ({ page }) => {
  await page.goto(`/?${ALL_TIME}&tab=graph&query=language:go`);
  await expect(page.getByRole('button', { name: /, self/ }).first()).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('callers and callees of the top function are drawn', async ({ page }) => {
  const answer = await page.request.get(
    '/api/v1/top?query=language:go&from=2020-01-01T00:00:00Z&to=now&limit=1',
  );
  const { functions } = (await answer.json()) as { functions: { name: string[] } };
  const name = functions.name[0] ?? '';
  await page.goto(`/?${ALL_TIME}&query=language:go&sandwich=${encodeURIComponent(name)}`);
  await expect(page.getByTestId('flame-canvas')).toHaveCount(2);
  await expect(page.getByText('Callers', { exact: true })).toBeVisible();
});

test('series by function, and a flame graph to embed', async ({ page }) => {
  await page.goto(`/?${ALL_TIME}&tab=series&measure=type:cpu-time&group=frame:function&query=language:go`);
  const lines = page.getByRole('region', { name: 'Lines of the chart' });
  await expect(lines.locator('tbody tr').first()).toBeVisible();
  await page.goto(`/embed?${ALL_TIME}&query=language:go`);
  await expect(page.getByTestId('flame-canvas')).toBeVisible();
  await expect(page.getByRole('combobox', { name: 'Search for profiles' })).toHaveCount(0);
});
