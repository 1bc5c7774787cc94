import { readFileSync } from 'node:fs';

import { expect, type Locator, type Page } from '@playwright/test';

import type { FlameGraphBody, Granularity } from '../src/api/types.ts';
import { at, decodeCallTree, type CallTree, type NodeId } from '../src/model/call-tree.ts';

export function fixtureTree(name = 'flamegraph', granularity: Granularity = 'function'): CallTree {
  const text = readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8');
  return decodeCallTree(JSON.parse(text) as FlameGraphBody, granularity);
}

/** Where to click for a node while nothing is zoomed or scrolled. */
export async function pointOf(page: Page, shown: CallTree, node: NodeId): Promise<{ x: number; y: number }> {
  const canvas = page.getByTestId('flame-canvas');
  await expect(canvas).toHaveAttribute('style', /width/);
  // What still comes may move it.
  await page.waitForLoadState('networkidle');
  await canvas.evaluate(() => new Promise((drawn) => requestAnimationFrame(drawn)));
  const box = await canvas.boundingBox();
  if (!box) throw new Error('the canvas has no place');
  const middle = at(shown.starts, node) + at(shown.totals, node) / 2;
  return {
    x: box.x + (middle / at(shown.totals, 0)) * box.width,
    y: box.y + at(shown.depths, node) * 20 + 9,
  };
}

export async function clickNode(page: Page, shown: CallTree, node: NodeId): Promise<void> {
  const { x, y } = await pointOf(page, shown, node);
  await page.mouse.click(x, y);
}

/** The frame that assistive technology hears about. */
export function selectedFrame(page: Page): Locator {
  return page.getByTestId('flame-selected');
}

export function breadcrumb(page: Page): Locator {
  return page.getByRole('navigation', { name: 'Zoom' });
}

export function tree(page: Page): Locator {
  return page.getByRole('tree');
}

export function queryParams(page: Page): URLSearchParams {
  return new URL(page.url()).searchParams;
}

export function suggestions(page: Page): Locator {
  return page.getByRole('listbox', { name: 'Suggestions' }).getByRole('option');
}

export function facet(page: Page, key: string): Locator {
  return page.getByRole('region', { name: key, exact: true });
}
