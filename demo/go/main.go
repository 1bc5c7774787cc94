// Harbor assigns berths to ships, with a load of its own, to have something real to profile.
//
// Under Datadog's profiler, which is part of the program:
//
//	DD_ENV=prod DD_SERVICE=harbor DD_VERSION=3.1.0 go run .
//
// It answers requests that it makes itself, and prints a line for every 50 it has answered. Interrupt it, or close its
// standard input, to stop it. HARBOR_PERIOD is the time between two profiles, a minute by default.
//
// What its profiles should show:
//
//	rankBerths       nearly all CPU time: a deliberately slow search, through an interface
//	writeManifest    nearly all allocations
//	rememberShip     keeps what it allocates for a while: the live heap
//	bookBerth        a lock that is held too long: mutex
//	awaitPilot       waits on a channel, without using a CPU: block
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"time"

	"github.com/DataDog/dd-trace-go/v2/ddtrace/ext"
	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
	"github.com/DataDog/dd-trace-go/v2/profiler"
)

const (
	workers       = 6
	pilots        = 1
	berths        = 400
	rememberShips = 512
)

// ship is what arrives.
type ship struct {
	name  string
	cargo []byte
}

// harbor is what all requests share.
type harbor struct {
	lock   sync.Mutex
	booked [berths]int
	pilots chan struct{}

	memory     sync.Mutex
	remembered [][]byte

	answered atomic.Int64
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	err := profiler.Start(
		profiler.WithPeriod(period()),
		profiler.WithProfileTypes(
			profiler.CPUProfile,
			profiler.HeapProfile,
			profiler.BlockProfile,
			profiler.MutexProfile,
			profiler.GoroutineProfile,
		),
		// By default one wait of 100 ms is seen; here waits are shorter.
		profiler.BlockProfileRate(int(time.Millisecond)),
	)
	if err != nil {
		return err
	}
	defer profiler.Stop()
	// The tracer names the endpoint that a sample belongs to.
	if err := tracer.Start(tracer.WithLogStartup(false)); err != nil {
		return err
	}
	defer tracer.Stop()

	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if os.Getenv("HARBOR_STOP_WITH_INPUT") != "" {
		go func() {
			bufio.NewScanner(os.Stdin).Scan()
			cancel()
		}()
	}
	newHarbor().serve(stop)
	return nil
}

// period is the time between two profiles.
func period() time.Duration {
	if period, err := time.ParseDuration(os.Getenv("HARBOR_PERIOD")); err == nil {
		return period
	}
	return profiler.DefaultPeriod
}

func newHarbor() *harbor {
	h := &harbor{pilots: make(chan struct{}, pilots), remembered: make([][]byte, rememberShips)}
	for range pilots {
		h.pilots <- struct{}{}
	}
	return h
}

// serve answers requests until it is told to stop.
func (h *harbor) serve(stop context.Context) {
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			for number := 0; stop.Err() == nil; number++ {
				s := ship{name: fmt.Sprintf("ship-%d-%d", worker, number), cargo: make([]byte, 256)}
				switch number % 3 {
				case 0:
					h.request("GET /berths", func(context.Context) { h.findBerth(s) })
				case 1:
					h.request("POST /ships", func(context.Context) { h.welcome(s) })
				default:
					h.request("POST /moorings", func(ctx context.Context) { h.moor(ctx) })
				}
			}
		})
	}
	all.Wait()
}

// request runs one request in a span, as an instrumented server does.
func (h *harbor) request(resource string, answer func(context.Context)) {
	span, ctx := tracer.StartSpanFromContext(
		context.Background(), "http.request", tracer.SpanType(ext.SpanTypeWeb), tracer.ResourceName(resource))
	answer(ctx)
	span.Finish()
	if answered := h.answered.Add(1); answered%50 == 0 {
		fmt.Printf("answered %d requests\n", answered)
	}
}

func (h *harbor) findBerth(s ship) int {
	for range 20 {
		rankBerths(byDistance{from: len(s.name)}, berths)
	}
	return rankBerths(byDepth{draft: int(s.cargo[0])}, berths)
}

func (h *harbor) welcome(s ship) {
	manifest := writeManifest(s, 400)
	h.rememberShip(manifest)
	h.bookBerth(len(manifest) % berths)
}

func (h *harbor) moor(ctx context.Context) {
	h.bookBerth(rand.IntN(berths))
	h.awaitPilot(ctx)
}

// preference says how much a ship likes a berth. That it is an interface, and that nearly all calls are of one type, is
// what profile-guided optimization can do something about.
type preference interface {
	of(berth int) int
}

type byDistance struct{ from int }

type byDepth struct{ draft int }

func (p byDistance) of(berth int) int {
	score := berth ^ p.from
	for step := 1; step < 24; step++ {
		score = (score*31 + step) % 7919
	}
	return score
}

func (p byDepth) of(berth int) int { return berth - p.draft }

// rankBerths compares every berth with every other, which nobody needs.
//
//go:noinline
func rankBerths(p preference, count int) int {
	best := 0
	for i := range count {
		for j := range 16 {
			if p.of(i+j) < p.of(best) {
				best = i
			}
		}
	}
	return best
}

// writeManifest makes a far longer text than anybody reads.
//
//go:noinline
func writeManifest(s ship, lines int) []byte {
	var manifest []byte
	for line := range lines {
		padding := make([]byte, 1024)
		manifest = fmt.Appendf(manifest[:0], "%s %d %x", s.name, line, padding[:8])
	}
	return manifest
}

// rememberShip keeps memory until as many other ships have come.
//
//go:noinline
func (h *harbor) rememberShip(manifest []byte) {
	kept := make([]byte, 64<<10)
	copy(kept, manifest)
	h.memory.Lock()
	defer h.memory.Unlock()
	h.remembered[rand.IntN(rememberShips)] = kept
}

// bookBerth holds a lock while it writes to paper.
//
//go:noinline
func (h *harbor) bookBerth(berth int) {
	h.lock.Lock()
	defer h.lock.Unlock()
	time.Sleep(4 * time.Millisecond)
	h.booked[berth]++
}

// awaitPilot waits until the only pilot is free.
//
//go:noinline
func (h *harbor) awaitPilot(context.Context) {
	<-h.pilots
	time.Sleep(10 * time.Millisecond)
	h.pilots <- struct{}{}
}
