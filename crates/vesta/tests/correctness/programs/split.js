// Two thirds of the time in `loud`, one third in `quiet`.
'use strict';

function spend(seconds) {
  const end = process.cpuUsage().user + seconds * 1e6;
  let state = 1;
  while (process.cpuUsage().user < end) {
    for (let step = 0; step < 100000; step++) {
      state = (state * 1103515245 + 12345) & 0x7fffffff;
    }
  }
  return state;
}

function loud() {
  return spend(0.25) + 1;
}

function quiet() {
  return spend(0.125) + 2;
}

let sum = 0;
for (let turn = 0; turn < 6; turn++) {
  sum += loud();
  sum += quiet();
}
process.exitCode = sum === 0 ? 1 : 0;
