// A small parcel service with a load of its own, to have something real to profile. Run it as it is, or under
// Datadog's profiler:
//
//     DD_PROFILING_ENABLED=true DD_ENV=prod DD_SERVICE=parcels DD_VERSION=2.1.0 node --require dd-trace/init app.js
//
// It listens on a free port of the loopback interface (PARCELS_PORT picks one), sends itself requests from a second
// process, and prints a line for every 50 it has answered. Interrupt it to stop it.
//
// What its profiles should show:
//
//     routeParcel      nearly all CPU time: a deliberately slow shortest path
//     printLabels      nearly all allocations
//     askCustoms       waiting, without using a CPU

'use strict'

const http = require('node:http')
const { fork } = require('node:child_process')
const { setTimeout: wait } = require('node:timers/promises')

const TOWNS = 220
const ROADS = Array.from({ length: TOWNS }, (_, from) =>
  Array.from({ length: TOWNS }, (_, to) => (from * 31 + to * 17) % 97 < 12 ? 1 + ((from * to) % 40) : Infinity)
)

/** The shortest way between two towns, the slow way: relaxes every road until nothing changes. */
function routeParcel(from, to) {
  const distance = new Array(TOWNS).fill(Infinity)
  distance[from] = 0
  for (let round = 0; round < TOWNS; round++) {
    for (let town = 0; town < TOWNS; town++) {
      for (let next = 0; next < TOWNS; next++) {
        const length = distance[town] + ROADS[town][next]
        if (length < distance[next]) distance[next] = length
      }
    }
  }
  return distance[to]
}

/** Builds far more labels than anybody sticks on a parcel: mostly allocations. */
function printLabels(count) {
  const labels = []
  for (let number = 0; number < count; number++) {
    labels.push({ number, text: `parcel ${number} to town ${number % TOWNS}`.repeat(4), lines: new Array(8).fill(number) })
  }
  return labels.length
}

/** Customs takes its time. */
async function askCustoms() {
  await wait(40)
  return true
}

async function answer(path) {
  switch (path) {
    case '/route':
      return { distance: routeParcel(3, 71) }
    case '/labels':
      return { labels: printLabels(20_000) }
    case '/send':
      return { cleared: await askCustoms() }
    case '/':
      return { paths: ['/route', '/labels', '/send'] }
    default:
      return undefined
  }
}

function serve() {
  let answered = 0
  const server = http.createServer(async (request, response) => {
    const found = await answer(new URL(request.url, 'http://localhost').pathname)
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(found ?? { error: 'no such page' }))
    answered += 1
    if (answered % 50 === 0) console.log(`answered ${answered} requests`)
  })
  server.listen(Number(process.env.PARCELS_PORT ?? 0), '127.0.0.1', () => {
    const { port } = server.address()
    console.log(`parcels listens on http://127.0.0.1:${port}`)
    const load = startLoad(port)
    let isStopping = false
    const stop = () => {
      if (isStopping) return
      isStopping = true
      // An open standard input would keep the process alive.
      process.stdin.destroy()
      // The profiler sends its last profile only when the process ends by itself, not on `process.exit()`.
      load.disconnect()
      server.close()
      server.closeAllConnections()
    }
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
    if (process.env.PARCELS_STOP_WITH_INPUT) process.stdin.resume().once('end', stop)
  })
}

function startLoad(port) {
  // The senders are not part of the service: they run without the profiler.
  const unprofiled = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('DD_') && name !== 'NODE_OPTIONS')
  )
  return fork(__filename, ['load', String(port)], { env: unprofiled, execArgv: [] })
}

/** Sends requests until the channel to the service closes. */
async function sendLoad(port) {
  process.once('disconnect', () => process.exit(0))
  const send = async (sender) => {
    for (let turn = sender; ; turn++) {
      const path = ['/route', '/send', '/route', '/labels', '/send'][turn % 5]
      try {
        await (await fetch(`http://127.0.0.1:${port}${path}`)).text()
      } catch {
        await wait(200)
      }
      await wait(40 + ((turn * 37) % 90))
    }
  }
  await Promise.all([0, 1, 2].map(send))
}

if (process.argv[2] === 'load') sendLoad(Number(process.argv[3]))
else serve()
