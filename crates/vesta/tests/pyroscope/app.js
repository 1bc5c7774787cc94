// Work under Pyroscope's own library for Node.js.
'use strict';

const Pyroscope = require('@pyroscope/nodejs');

Pyroscope.init({
  appName: 'florist',
  serverAddress: process.env.PYROSCOPE_URL,
  basicAuthUser: 'anybody',
  basicAuthPassword: process.env.PYROSCOPE_TOKEN ?? '',
  flushIntervalMs: 2_000,
  wall: { collectCpuTime: true, samplingDurationMs: 2_000 },
  tags: { env: 'prod' },
});
Pyroscope.start();

function bindBouquet(rounds) {
  let total = 0;
  for (let step = 0; step < rounds; step++) total += (step * step) % 7;
  return total;
}

let answered = 0;
let bouquets = [];
const work = setInterval(() => {
  Pyroscope.wrapWithLabels({ endpoint: 'GET /bouquets' }, () => {
    bouquets = [[bindBouquet(1_000_000)], ...bouquets.slice(0, 999)];
  });
  answered += 1;
  if (answered % 50 === 0) console.log(`answered ${answered} requests`);
}, 1);

process.on('SIGINT', async () => {
  clearInterval(work);
  await Pyroscope.stop();
  process.exit(0);
});
