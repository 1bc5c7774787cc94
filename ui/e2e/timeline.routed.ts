import { expect, test, type Page } from '@playwright/test';

import { mockApi, NOW, type MockApi } from './mock-api.ts';
import { queryParams, tree } from './steps.ts';

const PROCESS = '4f1d0a5e-7c1b-4b7e-9a63-5a1b2c3d4e5f';
const OF_NODE = `/?v=2&tab=timeline&query=node+runtime-id:${PROCESS}`;
let mock: MockApi;

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.clock.setFixedTime(NOW);
  mock = await mockApi(page);
});

test('of several processes the reader chooses one', async ({ page }) => {
  await page.goto('/?v=2&tab=timeline&query=service:shop-web');
  const processes = page.getByRole('region', { name: 'Processes' });
  await expect(processes.getByRole('row')).toHaveCount(4);
  expect(mock.requests.filter((request) => request.includes('/timeline?'))).toEqual([]);
  await processes.getByRole('button', { name: PROCESS }).click();
  expect(queryParams(page).get('query')).toBe(`service:shop-web runtime-id:${PROCESS}`);
  await expect(lanes(page)).toBeVisible();
});

test('a process with more than a timeline holds offers its newest time', async ({ page }) => {
  await page.goto('/?v=2&tab=timeline&query=runtime-id:9b2e6d10-0d8f-4d55-8f0c-aa11bb22cc33');
  await expect(page.getByRole('heading', { name: 'Choose a shorter time' })).toBeVisible();
  await page.getByRole('button', { name: 'Show the newest 10' }).click();
  expect(queryParams(page).get('from')).toMatch(/^2026-11-20T/);
});

test('dragging over a lane shows the flame graph of that time and thread', async ({ page }) => {
  await page.goto('/profiles/0329af6554c00000?v=2&tab=timeline');
  const box = await canvasBox(page);
  await page.mouse.move(box.x + 200, box.y + 66);
  await page.mouse.down();
  await page.mouse.move(box.x + 400, box.y + 66, { steps: 4 });
  await page.mouse.up();
  await tree(page).waitFor();
  const [from, to] = (queryParams(page).get('window') ?? '').split(',').map(Number);
  expect((to ?? 0) - (from ?? 0)).toBeCloseTo((200 / box.width) * 5021.7, -1);
  expect(queryParams(page).getAll('filter')).toEqual(['thread:aio']);
  const asked = mock.requests.filter((request) => request.includes('/flamegraph?')).at(-1) ?? '';
  expect(decodeURIComponent(asked)).toContain(`window=${from},${to}`);
  // The timeline itself still shows everything.
  const drawn = mock.requests.filter((request) => request.includes('/timeline?'));
  expect(drawn.some((request) => request.includes('window=') || request.includes('filter='))).toBe(false);

  await page.getByRole('button', { name: 'Clear the chosen time' }).click();
  await page.getByRole('button', { name: 'Remove the filter thread:aio' }).click();
  await expect(tree(page)).toBeHidden();
});

test('dragging over the time axis is about all threads', async ({ page }) => {
  await page.goto(OF_NODE);
  const box = await canvasBox(page);
  await page.mouse.move(box.x + 200, box.y - 10);
  await page.mouse.down();
  await page.mouse.move(box.x + 400, box.y - 10, { steps: 4 });
  await page.mouse.up();
  await tree(page).waitFor();
  expect(queryParams(page).getAll('filter')).toEqual([]);
});

test('keys lead through lanes and events, and to flame graphs', async ({ page }) => {
  await page.goto(OF_NODE);
  await lanes(page).focus();
  await page.keyboard.press('ArrowDown');
  await expect(selected(page)).toHaveText(/Garbage collection, .* of 73$/);
  await page.keyboard.press('Home');
  await expect(selected(page)).toHaveText(/1 of 73$/);
  await page.keyboard.press('ArrowRight');
  await expect(selected(page)).toHaveText(/2 of 73$/);
  await page.keyboard.press('ArrowDown');
  await expect(selected(page)).toHaveText(/Main Event Loop, .* of 1385$/);
  await expect(lanes(page).getByRole('row', { selected: true })).toContainText('Main Event Loop');

  await page.keyboard.press('+');
  await expect.poll(() => queryParams(page).get('in_view')).toMatch(/^\d+(\.\d+)?,\d+(\.\d+)?$/);
  await page.keyboard.press('s');
  await expect.poll(() => queryParams(page).get('window')).toMatch(/000,\d+000$/);
  await expect(lanes(page)).toBeFocused();
  await page.keyboard.press('t');
  await expect.poll(() => queryParams(page).getAll('filter')).toEqual(['thread:Main Event Loop']);
  await page.keyboard.press('Escape');
  await expect.poll(() => queryParams(page).getAll('filter')).toEqual([]);

  await page.keyboard.press('ArrowDown');
  const group = lanes(page).getByRole('row', { name: /zlib/ }).first();
  await expect(group).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('ArrowRight');
  await expect(group).toHaveAttribute('aria-expanded', 'true');
  expect(queryParams(page).getAll('open')).toEqual(['async:zlib']);
  await page.keyboard.press('0');
  await expect.poll(() => queryParams(page).get('in_view')).toBeNull();
});

test('a request can be focused on, from the timeline and from the search', async ({ page }) => {
  await page.goto(OF_NODE);
  const box = await canvasBox(page);
  await page.mouse.click(box.x + box.width * 0.51, box.y + 66);
  await expect(selected(page)).toHaveText(/span \d+/);
  const span = /span (\d+)/.exec((await selected(page).textContent()) ?? '')?.[1] ?? '';
  await page.getByRole('button', { name: 'Zoom in' }).click();
  await expect.poll(() => queryParams(page).get('in_view')).not.toBeNull();
  await page.getByRole('button', { name: 'this request' }).click();
  expect(queryParams(page).get('span')).toBe(span);
  // A request may be anywhere: all of the time is in view again.
  expect(queryParams(page).get('in_view')).toBeNull();
  await expect(page.locator('.timeline-overview-box')).toHaveAttribute('style', /width: 100%/);
  await page.getByRole('radio', { name: 'Whole time of the span' }).check();
  expect(queryParams(page).get('focus_on')).toBe('time');
  await page.getByRole('tab', { name: 'Flame graph' }).click();
  await tree(page).waitFor();
  const asked = mock.requests.filter((request) => request.includes('/flamegraph?')).at(-1);
  expect(asked).toContain(`span=${span}&focus_on=time`);
  await page.getByRole('button', { name: 'Show all requests' }).click();
  expect(queryParams(page).get('span')).toBeNull();

  await page.goto('/?v=2&query=service:shop-web+trace_id:0x2a');
  await expect(page.getByRole('group', { name: 'Focus', exact: true })).toContainText('Trace0x2a');
  await page.getByRole('radio', { name: 'Whole profile' }).check();
  expect(queryParams(page).get('span')).toBe('0x2a');
  await page.getByRole('button', { name: 'Show all requests' }).click();
  expect(queryParams(page).get('query')).toBe('service:shop-web');
});

test('one state alone, and the lanes as a table', async ({ page }) => {
  await page.goto(OF_NODE);
  await page.getByRole('button', { name: /^Garbage collection/ }).click();
  expect(queryParams(page).get('state')).toBe('gc');
  await lanes(page).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(selected(page)).toHaveText(/Garbage collection, .*Main Event Loop/);
  await page.getByRole('button', { name: 'Lanes as a table' }).click();
  const table = page.getByRole('region', { name: 'Lanes' });
  await expect(table.getByRole('row')).toHaveCount(7);
  await expect(table.getByRole('row', { name: /^Main Event Loop/ })).toContainText('5.08 s');
  await table.getByRole('button', { name: 'Main Event Loop' }).click();
  await tree(page).waitFor();
  expect(queryParams(page).getAll('filter')).toEqual(['thread:Main Event Loop']);
});

test('label filters are said, above the lanes as long as there is no flame graph below', async ({ page }) => {
  await page.goto('/profiles/0329af6554c00000?v=2&tab=timeline&filter=endpoint:GET%20/orders');
  await page.getByRole('button', { name: 'Remove the filter endpoint:GET /orders' }).click();
  expect(queryParams(page).has('filter')).toBe(false);
  await page.goto('/profiles/0329af6554c00000?v=2&tab=timeline&filter=thread:aio&filter=endpoint:a');
  await tree(page).waitFor();
  await expect(page.getByRole('list', { name: 'Label filters' })).toHaveCount(1);
});

test('a right click offers flame graphs, by mouse and by keys', async ({ page }) => {
  await page.goto(OF_NODE);
  const box = await canvasBox(page);
  await page.mouse.click(box.x + box.width * 0.51, box.y + 66, { button: 'right' });
  const menu = page.getByRole('menu', { name: 'Flame graph of' });
  await expect(menu.getByRole('menuitem')).toHaveCount(5);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(menu).toBeHidden();
  await expect.poll(() => queryParams(page).get('window')).toMatch(/000,\d+000$/);
});

test('a part of the time that is in view is looked at more closely', async ({ page }) => {
  mock.options = { timelineOf: 'go' };
  await page.goto('/profiles/0329af6554c00000?v=2&tab=timeline');
  const box = await canvasBox(page);
  await page.mouse.click(box.x + box.width * 0.5, box.y + 12 + 24 * 3);
  await expect(selected(page)).toHaveText(/Proc 1/);
  const closer = (): readonly string[] => mock.requests.filter((request) => request.includes('detail='));
  expect(closer()).toEqual([]);
  // All at once: where it rests in between, it is looked at more closely too.
  await page.getByRole('button', { name: 'Zoom in' }).evaluate((button: HTMLElement) => {
    for (let step = 0; step < 4; step++) button.click();
  });
  await expect.poll(() => closer().length).toBe(1);
  const [from, to] = (queryParams(page).get('in_view') ?? '').split(',').map(Number);
  const [first, last] = (/detail=([\d.]+),([\d.]+)/.exec(decodeURIComponent(closer()[0] ?? '')) ?? [])
    .slice(1)
    .map(Number);
  expect(first).toBeLessThan(from ?? 0);
  expect(last).toBeGreaterThan(to ?? 0);
  // What was selected still is, and moving a little asks for nothing.
  await expect(selected(page)).toHaveText(/Proc 1/);
  await lanes(page).focus();
  await page.keyboard.press('Shift+ArrowRight');
  await expect.poll(() => queryParams(page).get('in_view')).not.toBe(`${from},${to}`);
  expect(closer()).toHaveLength(1);
});

test('samples without times say which switch sends them', async ({ page }) => {
  mock.options = { withoutTimes: true };
  await page.goto('/profiles/0329af6554c00000?v=2&tab=timeline');
  await expect(page.getByRole('heading', { name: /do not say when/ })).toBeVisible();
  await expect(page.getByText('DD_PROFILING_TIMELINE_ENABLED')).toBeVisible();
});

function lanes(page: Page) {
  return page.getByRole('treegrid');
}

function selected(page: Page) {
  return page.getByTestId('timeline-selected');
}

/** Where lanes are painted, few enough to be 44 pixels high each. */
async function canvasBox(page: Page) {
  const canvas = page.getByTestId('timeline-canvas');
  await expect(canvas).toHaveAttribute('style', /width/);
  const box = await canvas.boundingBox();
  if (!box) throw new Error('the canvas has no place');
  return box;
}
