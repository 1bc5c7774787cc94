import { test, type Page } from '@playwright/test';

import { mockApi, NOW, type MockOptions } from './mock-api.ts';
import { suggestions } from './steps.ts';

interface Shot {
  readonly name: string;
  readonly path: string;
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  readonly mock?: MockOptions;
  readonly act?: (page: Page) => Promise<void>;
}

async function hoverFlame(page: Page): Promise<void> {
  const box = await page.getByTestId('flame-canvas').boundingBox();
  if (box) await page.mouse.move(box.x + box.width * 0.3, box.y + 20 * 14 + 8);
}

const SHOTS: readonly Shot[] = [
  { name: 'explorer-light', path: '/', act: hoverFlame },
  { name: 'explorer-dark', path: '/', theme: 'dark', act: hoverFlame },
  { name: 'explorer-wide', path: '/?query=service:shop-web&search=json&v=1', width: 1600 },
  { name: 'explorer-narrow', path: '/', width: 800 },
  { name: 'explorer-narrow-dark', path: '/?tab=profiles&v=1', width: 800, theme: 'dark' },
  { name: 'top-light', path: '/?tab=top&v=1' },
  { name: 'top-endpoints', path: '/?tab=top&by=label:endpoint&fsort=-total&v=2' },
  { name: 'series-stacked', path: '/?tab=series&stacked=1&v=2' },
  { name: 'series-dark', path: '/?tab=series&v=2', theme: 'dark' },
  { name: 'groups', path: '/?tab=table&table_by=service&table_by=version&v=2' },
  { name: 'phone', path: '/', width: 390, height: 844 },
  { name: 'mistake', path: '/?query=service:(&v=2' },
  { name: 'profiles-light', path: '/?tab=profiles&v=1' },
  { name: 'profiles-dark', path: '/?tab=profiles&v=1&sort=-cpu_cores', theme: 'dark' },
  { name: 'profile-light', path: '/profiles/00cab1c2d3e4f506' },
  { name: 'profile-dark', path: '/profiles/00cab1c2d3e4f506?tab=details&v=1', theme: 'dark' },
  { name: 'profile-details', path: '/profiles/00cab1c2d3e4f506?tab=details&v=1' },
  {
    name: 'timeline',
    path: '/profiles/00cab1c2d3e4f506?tab=timeline&v=2&open=thread:worker',
    act: async (page) => {
      const box = await page.getByTestId('timeline-canvas').boundingBox();
      if (!box) return;
      await page.mouse.move(box.x + 300, box.y - 10);
      await page.mouse.down();
      await page.mouse.move(box.x + 560, box.y - 10, { steps: 4 });
      await page.mouse.up();
    },
  },
  { name: 'timeline-processes', path: '/?tab=timeline&v=2' },
  { name: 'opened', path: '/opened/0000000000000001', theme: 'dark' },
  { name: 'compare-light', path: '/compare', act: hoverFlame },
  { name: 'compare-dark', path: '/compare?v=2&sides=1&table=0', theme: 'dark', act: hoverFlame },
  { name: 'compare-narrow', path: '/compare?v=2&change=rate', width: 390, height: 844 },
  {
    name: 'call-graph-light',
    path: '/?v=2&tab=graph',
    act: async (page) => page.locator('.graph-node').nth(4).hover(),
  },
  { name: 'call-graph-dark', path: '/profiles/00cab1c2d3e4f506?v=2&tab=graph&nodes=80', theme: 'dark' },
  { name: 'empty', path: '/', mock: { isEmpty: true } },
  { name: 'nothing-matches', path: '/?query=service:none&v=1' },
  { name: 'long-names', path: '/', mock: { longNames: true, fewSamples: true }, act: hoverFlame },
  { name: 'failing', path: '/', mock: { failing: ['/flamegraph', '/series'] } },
  { name: 'loading', path: '/', mock: { until: new Promise(() => undefined) } },
  { name: 'login', path: '/', mock: { token: 'vst_x' } },
  {
    name: 'filtered',
    path: '/?filter=thread:kafka-consumer&filter=-endpoint:GET%20/health&granularity=package&v=1',
  },
  {
    name: 'autocomplete',
    path: '/',
    act: async (page) => {
      await page.getByRole('combobox', { name: 'Search for profiles' }).fill('service:s');
      await suggestions(page).first().waitFor();
      await page.keyboard.press('ArrowDown');
    },
  },
  {
    name: 'types',
    path: '/',
    theme: 'dark',
    act: async (page) => page.getByRole('button', { name: /^Value type/ }).click(),
  },
  {
    name: 'labels',
    path: '/',
    act: async (page) => page.getByRole('button', { name: 'Filter by label' }).click(),
  },
  { name: 'time', path: '/', act: async (page) => page.getByRole('button', { name: /^Time range/ }).click() },
  {
    name: 'settings',
    path: '/',
    act: async (page) => page.getByRole('button', { name: 'Settings' }).click(),
  },
  { name: 'help', path: '/', theme: 'dark', act: async (page) => page.keyboard.press('?') },
  {
    name: 'zoomed',
    path: '/',
    act: async (page) => {
      await page.getByTestId('flame-canvas').waitFor();
      await page.waitForTimeout(300);
      const box = await page.getByTestId('flame-canvas').boundingBox();
      if (box) await page.mouse.click(box.x + box.width * 0.3, box.y + 20 * 19 + 8);
      await page.waitForTimeout(500);
    },
  },
];

for (const shot of SHOTS) {
  test(shot.name, async ({ page }) => {
    await page.setViewportSize({ width: shot.width ?? 1440, height: shot.height ?? 900 });
    await page.emulateMedia({ colorScheme: shot.theme ?? 'light', reducedMotion: 'reduce' });
    await page.clock.setFixedTime(NOW);
    await mockApi(page, shot.mock);
    await page.goto(shot.path);
    await page.waitForTimeout(900);
    await shot.act?.(page);
    await page.waitForTimeout(400);
    const folder = process.env['SCREENSHOTS'] ?? 'e2e/results/screenshots';
    await page.screenshot({ path: `${folder}/${shot.name}.png` });
  });
}
