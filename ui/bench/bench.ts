import '../src/theme.css';
import '../src/flame/flame.css';
import './bench.css';

import { readPalette } from '../src/flame/palette.ts';
import { ROW_HEIGHT, Surface } from '../src/flame/surface.ts';
import { at, decodeCallTree } from '../src/model/call-tree.ts';
import { randomBody } from '../src/model/random-tree.testing.ts';
import { searchTree } from '../src/model/search.ts';

export interface Frames {
  /** Between one animation frame and the next. */
  readonly intervalsMs: number[];
  /** On the main thread: listing, painting, placing outlines. */
  readonly paintsMs: number[];
}

export type Phase = 'pan' | 'zoom' | 'pan while searching';

export interface Prepared {
  readonly nodes: number;
  readonly depth: number;
  readonly decodeMs: number;
  readonly searchMs: number;
  readonly run: (phase: Phase, frames: number) => Promise<Frames>;
}

declare global {
  interface Window {
    prepare: (nodes: number) => Prepared;
    prepared: Prepared;
  }
}

window.prepare = (nodes) => {
  const body = JSON.stringify(randomBody({ seed: 42, nodes, maxDepth: 110 }));
  const startedMs = performance.now();
  const tree = decodeCallTree(JSON.parse(body), 'function');
  const decodeMs = performance.now() - startedMs;

  const scroller = document.querySelector<HTMLElement>('.flame-scroller');
  const canvas = document.querySelector('canvas');
  const spacer = document.querySelector<HTMLElement>('.flame-height');
  if (!scroller || !canvas || !spacer) throw new Error('the page is not complete');
  spacer.style.height = `${tree.rows.length * ROW_HEIGHT}px`;
  const surface = new Surface(canvas, scroller, tree, () => undefined);
  surface.setPalette(readPalette(scroller));
  surface.resize(scroller.clientWidth, scroller.clientHeight);

  const whole = at(tree.totals, 0);
  const searchedMs = performance.now();
  const found = searchTree(tree, 'function_12');
  const searchMs = performance.now() - searchedMs;

  const moves: Record<Phase, (step: number) => void> = {
    // Back and forth over the tree at a fifth of its width, and down and up.
    pan: (step) => {
      surface.showSpan({ start: whole * 0.4 * (1 + Math.sin(step / 30)), length: whole * 0.2 }, false);
      scroller.scrollTop = (scroller.scrollHeight - scroller.clientHeight) * ((1 - Math.cos(step / 47)) / 2);
    },
    zoom: (step) => {
      const length = whole * 0.001 ** ((1 - Math.cos(step / 40)) / 2);
      surface.showSpan({ start: (whole - length) * 0.31, length }, false);
    },
    'pan while searching': (step) => {
      surface.showSpan({ start: whole * 0.4 * (1 + Math.sin(step / 30)), length: whole * 0.2 }, false);
    },
  };
  const prepared: Prepared = {
    nodes: tree.size,
    depth: tree.rows.length,
    decodeMs,
    searchMs,
    run: (phase, frames) => {
      surface.setMarks(phase === 'pan while searching' ? found?.marks : undefined);
      return run(frames, moves[phase]);
    },
  };
  window.prepared = prepared;
  return prepared;

  function run(count: number, move: (step: number) => void): Promise<Frames> {
    return new Promise((resolve) => {
      const intervalsMs: number[] = [];
      const paintsMs: number[] = [];
      let previousMs = 0;
      let step = 0;
      const next = (nowMs: number): void => {
        if (step > 10) intervalsMs.push(nowMs - previousMs);
        previousMs = nowMs;
        step += 1;
        if (step > count) {
          resolve({ intervalsMs, paintsMs });
          return;
        }
        move(step);
        const beganMs = performance.now();
        surface.paintNow();
        paintsMs.push(performance.now() - beganMs);
        requestAnimationFrame(next);
      };
      requestAnimationFrame(next);
    });
  }
};
