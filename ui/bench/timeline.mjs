// What a reader waits for on a timeline: `VESTA_URL=http://127.0.0.1:8378 npm run bench:timeline -- --file app.trace`.
//
// The file is opened on the server, and its tab with the timeline is clicked until its lanes are painted: the first time, when
// the server has not drawn it yet, and again with what it remembers. Then the reader zooms in and out with the wheel
// and moves sideways, as fast as frames come: how long each took. The run fails where a median is over its bound.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';

import { chromium } from '@playwright/test';

const LANES_MS = 1000;
const FRAME_MS = 1000 / 30;
const FRAMES = 120;
const { values: flags } = parseArgs({
  options: { file: { type: 'string' }, rounds: { type: 'string', default: '5' } },
});
if (!flags.file) throw new Error('say which file: npm run bench:timeline -- --file app.trace');
const url = process.env.VESTA_URL ?? 'http://127.0.0.1:8378';

const args = ['--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-sync'];
if (process.getuid?.() === 0) args.push('--no-sandbox');
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
const times = new Map();
let shown = '';
try {
  for (let round = 0; round < Number(flags.rounds); round++) await visit(await open(flags.file));
} finally {
  await browser.close();
}

console.log(`${basename(flags.file)}: ${shown}`);
let isSlow = false;
for (const [name, { bound, measured }] of times) {
  const sorted = measured.toSorted((left, right) => left - right);
  const at = (share) => sorted[Math.floor((sorted.length - 1) * share)];
  console.log(
    `${name}: p50 ${at(0.5).toFixed(1)} ms, p95 ${at(0.95).toFixed(1)} ms, max ${at(1).toFixed(1)} ms`,
  );
  isSlow ||= at(0.5) > bound;
}
if (isSlow) {
  console.error(`wanted: lanes within ${LANES_MS} ms, and 30 frames per second`);
  process.exitCode = 1;
}

/** Opened anew in every round, so that the server has nothing of it yet. */
async function open(file) {
  const start = performance.now();
  const answer = await fetch(`${url}/api/v1/opened?name=${encodeURIComponent(basename(file))}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/octet-stream' },
    body: readFileSync(file),
  });
  if (!answer.ok) throw new Error(await answer.text());
  add('open the file', Infinity, performance.now() - start);
  return (await answer.json()).id;
}

async function visit(id) {
  const context = await browser.newContext({ viewport: { width: 1600, height: 900 } });
  const page = await context.newPage();
  for (const name of ['click until lanes, first time', 'click until lanes, again']) {
    await page.goto(`${url}/opened/${id}`);
    await page.getByTestId('flame-selected').waitFor({ state: 'attached' });
    await page.waitForLoadState('networkidle');
    // Noted within the page: asking for it from outside takes as long as what is timed.
    const lanesMs = page.evaluate(
      () =>
        new Promise((done) => {
          const start = performance.now();
          const observer = new MutationObserver(() => {
            if (!document.querySelector('[data-testid="timeline-canvas"]')) return;
            observer.disconnect();
            requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
          });
          observer.observe(document, { subtree: true, childList: true });
          document.querySelectorAll('[role="tab"]').forEach((tab) => {
            if (tab.textContent === 'Timeline') tab.click();
          });
        }),
    );
    add(name, LANES_MS, await lanesMs);
  }
  shown = await page.locator('.timeline-bar .basis').textContent();
  await page.waitForLoadState('networkidle');
  await frames(page, 'frame, zooming', { ctrlKey: true }, (frame) => (frame % 60 < 30 ? -120 : 120));
  await page.locator('.timeline-zoom').getByRole('button', { name: 'Zoom in' }).click();
  await frames(page, 'frame, moving', { shiftKey: true }, (frame) => (frame % 60 < 30 ? 80 : -80));
  await context.close();
}

/** One turn of the wheel per frame. */
async function frames(page, name, keys, delta) {
  const deltas = Array.from({ length: FRAMES }, (_, frame) => delta(frame));
  const measured = await page.evaluate(
    ([wheel, held]) =>
      new Promise((done) => {
        const canvas = document.querySelector('[data-testid="timeline-canvas"]');
        const { left, top, width } = canvas.getBoundingClientRect();
        const place = { clientX: left + width / 2, clientY: top + 40 };
        const took = [];
        let last = performance.now();
        function frame() {
          const now = performance.now();
          took.push(now - last);
          last = now;
          if (took.length > wheel.length) return done(took.slice(1));
          const deltaY = wheel[took.length - 1];
          const event = { ...held, ...place, deltaY, bubbles: true, cancelable: true };
          canvas.dispatchEvent(new WheelEvent('wheel', event));
          requestAnimationFrame(frame);
        }
        requestAnimationFrame(frame);
      }),
    [deltas, keys],
  );
  for (const took of measured) add(name, FRAME_MS, took);
}

function add(name, bound, measuredMs) {
  const known = times.get(name) ?? { bound, measured: [] };
  known.measured.push(measuredMs);
  times.set(name, known);
}
