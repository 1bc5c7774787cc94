import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

import { mockApi, NOW, type MockOptions } from './mock-api.ts';
import { suggestions } from './steps.ts';

interface View {
  readonly name: string;
  readonly path: string;
  readonly mock?: MockOptions;
  readonly ready: (page: Page) => Promise<void>;
}

const VIEWS: readonly View[] = [
  {
    name: 'comparison',
    path: '/compare?v=2&search=quantize&a.link=k3xq&b.filter=thread:a&transform=my-code&span=42',
    ready: (page) => page.getByRole('region', { name: 'Changes' }).waitFor(),
  },
  {
    name: 'comparison side by side',
    path: '/compare?v=2&sides=1&b.profile=0329af6554c00000&change=rate',
    ready: async (page) => {
      await page.getByRole('tree').nth(1).waitFor();
      await page.getByRole('button', { name: 'Choose A' }).click();
    },
  },
  {
    name: 'comparison with nothing',
    path: '/compare?v=2&a.query=service:none&b.from=now-1h',
    ready: (page) => page.getByText('There is no profile in A').waitFor(),
  },
  {
    name: 'call graph',
    path: '/?v=2&tab=graph',
    ready: async (page) => page.locator('.graph-node').nth(4).hover(),
  },
  {
    name: 'menu to compare',
    path: '/?v=2&query=version:4.12.1',
    ready: async (page) => {
      await page.getByRole('button', { name: 'Compare' }).click();
      await page.getByText('With the period before').waitFor();
    },
  },
  {
    name: 'flame graph',
    path: '/?v=1&query=service:shop-web&search=json',
    ready: (page) => page.getByRole('tree').waitFor(),
  },
  {
    name: 'top',
    path: '/?v=1&tab=top',
    ready: (page) => page.getByRole('region', { name: 'Top functions' }).waitFor(),
  },
  {
    name: 'profiles',
    path: '/?v=1&tab=profiles',
    ready: (page) => page.getByRole('region', { name: 'Profiles' }).waitFor(),
  },
  {
    name: 'one profile',
    path: '/profiles/0329af6554c00000',
    ready: (page) => page.getByRole('tree').waitFor(),
  },
  {
    name: 'details',
    path: '/profiles/0329af6554c00000?v=1&tab=details',
    ready: (page) => page.getByText('kube_namespace').waitFor(),
  },
  {
    name: 'metrics around a profile',
    path: '/profiles/0329af6554c00000?v=2&tab=metrics',
    ready: (page) => page.getByRole('region', { name: 'Metrics', exact: true }).waitFor(),
  },
  {
    name: 'related profiles',
    path: '/profiles/0329af6554c00000?v=2&tab=related',
    ready: (page) => page.getByRole('table', { name: 'The same process' }).waitFor(),
  },
  {
    name: 'table by endpoint, filtered',
    path: '/?v=2&by=label:endpoint&filter=endpoint:GET /orders&filter=-endpoint:GET /search',
    ready: (page) => page.getByRole('region', { name: 'Endpoint', exact: true }).waitFor(),
  },
  {
    name: 'dimensions of the table',
    path: '/',
    ready: async (page) => {
      await page.getByRole('button', { name: /^Rows of the table/ }).click();
      await page.getByRole('option', { name: 'endpoint', exact: true }).waitFor();
    },
  },
  {
    name: 'share menu',
    path: '/',
    ready: async (page) => {
      await page.getByRole('button', { name: 'Share and download' }).click();
      await page.getByRole('button', { name: /^Make a link/ }).click();
      await page.getByRole('textbox', { name: 'Permalink' }).waitFor();
    },
  },
  {
    name: 'values per minute',
    path: '/?v=2&per=minute',
    ready: async (page) => page.getByRole('button', { name: /^Values: / }).click(),
  },
  {
    name: 'empty store',
    path: '/',
    mock: { isEmpty: true },
    ready: (page) => page.getByText('Waiting for').waitFor(),
  },
  {
    name: 'nothing matches',
    path: '/?v=1&query=service:none',
    ready: (page) => page.getByText('No profile matches').waitFor(),
  },
  {
    name: 'sign in',
    path: '/',
    mock: { token: 'vst_x' },
    ready: (page) => page.getByLabel('Token').waitFor(),
  },
  {
    name: 'few samples',
    path: '/',
    mock: { fewSamples: true },
    ready: (page) => page.getByText('Few samples').waitFor(),
  },
  {
    name: 'filters, type menu',
    path: '/?v=1&filter=thread:a&filter=-endpoint:b',
    ready: async (page) => {
      await page.getByRole('tree').waitFor();
      await page.getByRole('button', { name: /^Value type/ }).click();
    },
  },
  {
    name: 'flame graph by kind, upright, transformed',
    path: '/?v=2&color=kind&upright=1&order=name&transform=my-code&transform=exclude%3Aread_record',
    ready: (page) => page.getByRole('tree').waitFor(),
  },
  {
    name: 'menu of a frame',
    path: '/?v=2&color=value',
    ready: async (page) => {
      await page.getByRole('tree').press('ArrowDown');
      await page.getByRole('tree').press('Shift+F10');
      await page.getByRole('menu').waitFor();
    },
  },
  {
    name: 'pinned details',
    path: '/',
    ready: async (page) => {
      await page.getByRole('tree').press('ArrowDown');
      await page.getByRole('tree').press('t');
      await page.getByRole('dialog', { name: /^Details of/ }).waitFor();
    },
  },
  {
    name: 'callers and callees',
    path: '/?v=2&sandwich=main.handleSearch&search=lock',
    ready: async (page) => {
      await page.getByRole('tree').first().waitFor();
      await page.getByRole('combobox', { name: 'Function' }).fill('bm');
      await page.getByRole('listbox', { name: 'Functions' }).getByRole('option').first().waitFor();
    },
  },
  {
    name: 'colors and order',
    path: '/',
    ready: async (page) => page.getByRole('button', { name: 'Colors and order' }).click(),
  },
  {
    name: 'embedded',
    path: '/embed?v=2&query=service:shop-web&transform=my-code&filter=-thread:a&span=42',
    ready: (page) => page.getByRole('tree').waitFor(),
  },
  {
    name: 'label menu',
    path: '/',
    ready: async (page) => page.getByRole('button', { name: 'Filter by label' }).click(),
  },
  {
    name: 'time menu',
    path: '/',
    ready: async (page) => page.getByRole('button', { name: /^Time range/ }).click(),
  },
  {
    name: 'suggestions',
    path: '/',
    ready: async (page) => {
      await page.getByRole('combobox', { name: 'Search for profiles' }).fill('service:');
      await suggestions(page).first().waitFor();
      await page.keyboard.press('ArrowDown');
    },
  },
  {
    name: 'table of groups',
    path: '/?v=2&tab=table',
    ready: async (page) => {
      await page.getByRole('region', { name: 'Groups' }).waitFor();
      await page.getByRole('button', { name: /^Columns/ }).click();
      await page.getByRole('option', { name: 'Goroutines' }).click();
    },
  },
  {
    name: 'time series',
    path: '/?v=2&tab=series&stacked=1&measure=type:cpu-time&filter=thread:a',
    ready: async (page) => {
      await page.getByRole('region', { name: 'Lines of the chart' }).waitFor();
      await page.getByRole('button', { name: /^Chart by/ }).click();
      await page.getByRole('option', { name: 'kube_namespace' }).waitFor();
    },
  },
  {
    name: 'a search with a mistake',
    path: '/?v=2&query=service:(',
    ready: (page) => page.locator('.search-mistake').waitFor(),
  },
  {
    name: 'measures and terms',
    path: '/?v=2&query=-env:staging%20OR%20@cpu_cores:>1',
    ready: async (page) => {
      await page.getByRole('button', { name: 'Add a tag' }).click();
      await page.getByRole('slider', { name: 'CPU, at least' }).waitFor();
    },
  },
  {
    name: 'settings',
    path: '/',
    ready: async (page) => {
      await page.getByRole('button', { name: 'Settings' }).click();
      await page.getByLabel('Days').waitFor();
      await page.getByText('119 GiB').waitFor();
    },
  },
  {
    name: 'help',
    path: '/',
    ready: async (page) => page.getByRole('button', { name: 'Keyboard and search help' }).click(),
  },
  {
    name: 'timeline with a chosen time and request',
    path: '/profiles/0329af6554c00000?v=2&tab=timeline&window=1795215963000,1795215964000&span=42&filter=thread:aio',
    ready: async (page) => {
      await page.getByRole('treegrid').focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowDown');
      await page.getByRole('tree').waitFor();
    },
  },
  {
    name: 'timeline of goroutines',
    path: '/profiles/0329af6554c00000?v=2&tab=timeline&open=goroutine:main.main.func1',
    mock: { timelineOf: 'go' },
    ready: async (page) => {
      await page.getByRole('treegrid').focus();
      for (let row = 0; row < 6; row++) await page.keyboard.press('ArrowDown');
      await page.getByRole('row', { selected: true }).waitFor();
    },
  },
  {
    name: 'goroutines as a table',
    path: '/profiles/0329af6554c00000?v=2&tab=timeline&lane_table=1',
    mock: { timelineOf: 'go' },
    ready: (page) => page.getByRole('region', { name: 'Lanes' }).waitFor(),
  },
  {
    name: 'runtime info of a JVM',
    path: '/profiles/0329af6554c00000?v=2&tab=runtime',
    mock: {
      profile: {
        info: {
          flags: { MaxHeapSize: '268435456', UseCompressedClassPointers: 'true' },
          properties: { 'java.class.path': '/srv/tickets/lib/a-very-long-name-of-a-library.jar:'.repeat(20) },
          runtime: { name: 'OpenJDK 64-Bit Server VM', heap_max_bytes: '268435456' },
        },
      },
    },
    ready: (page) => page.getByText('MaxHeapSize').waitFor(),
  },
  {
    name: 'profiles without samples',
    path: '/?v=2',
    mock: { withoutSamples: true },
    ready: (page) => page.getByRole('heading', { name: 'No samples to show' }).waitFor(),
  },
  {
    name: 'lanes as a table',
    path: '/profiles/0329af6554c00000?v=2&tab=timeline&lane_table=1',
    ready: (page) => page.getByRole('region', { name: 'Lanes' }).waitFor(),
  },
  {
    name: 'menu of a lane',
    path: '/profiles/0329af6554c00000?v=2&tab=timeline',
    ready: async (page) => {
      await page.getByTestId('timeline-canvas').click({ button: 'right', position: { x: 300, y: 66 } });
      await page.getByRole('menu').waitFor();
    },
  },
  {
    name: 'processes to choose from',
    path: '/?v=2&tab=timeline',
    ready: (page) => page.getByRole('region', { name: 'Processes' }).waitFor(),
  },
  {
    name: 'samples without times',
    path: '/profiles/0329af6554c00000?v=2&tab=timeline',
    mock: { withoutTimes: true },
    ready: (page) => page.getByText('DD_PROFILING_TIMELINE_ENABLED').waitFor(),
  },
  {
    name: 'opened file',
    path: '/opened/0000000000000001',
    ready: async (page) => page.getByRole('button', { name: 'Keep it' }).click(),
  },
  {
    name: 'file that cannot be read',
    path: '/',
    ready: async (page) => {
      const chooser = page.waitForEvent('filechooser');
      await page.getByRole('button', { name: 'Open a file' }).click();
      const file = { name: 'notes.txt', mimeType: '', buffer: Buffer.from('a') };
      await (await chooser).setFiles([file]);
      await page.getByRole('alert').waitFor();
    },
  },
];

for (const theme of ['light', 'dark'] as const) {
  for (const view of VIEWS) {
    test(`${view.name} is accessible, ${theme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      await page.clock.setFixedTime(NOW);
      await mockApi(page, view.mock);
      await page.goto(view.path);
      await view.ready(page);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(
        violations.map(
          ({ id, nodes }) =>
            `${id}: ${nodes.map((node) => `${node.target.join(' ')} ${node.failureSummary}`).join(' | ')}`,
        ),
      ).toEqual([]);
    });
  }
}
