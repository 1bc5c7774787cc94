// Work under Pyroscope's own library for Go.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"time"

	"github.com/grafana/pyroscope-go"
)

var tunes [][]byte

func tunePiano(rounds int) int {
	total := 0
	for step := 0; step < rounds; step++ {
		total += step * step % 7
	}
	return total
}

func writeScore() {
	tunes = append(tunes[:min(len(tunes), 99)], make([]byte, 64<<10))
}

func main() {
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1)
	profiler, err := pyroscope.Start(pyroscope.Config{
		ApplicationName:   "orchestra",
		ServerAddress:     os.Getenv("PYROSCOPE_URL"),
		BasicAuthUser:     "anybody",
		BasicAuthPassword: os.Getenv("PYROSCOPE_TOKEN"),
		UploadRate:        2 * time.Second,
		Tags:              map[string]string{"env": "prod"},
		ProfileTypes: []pyroscope.ProfileType{
			pyroscope.ProfileCPU,
			pyroscope.ProfileAllocObjects,
			pyroscope.ProfileAllocSpace,
			pyroscope.ProfileInuseObjects,
			pyroscope.ProfileInuseSpace,
			pyroscope.ProfileGoroutines,
			pyroscope.ProfileMutexCount,
			pyroscope.ProfileMutexDuration,
			pyroscope.ProfileBlockCount,
			pyroscope.ProfileBlockDuration,
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	var stand sync.Mutex
	go func() {
		for {
			stand.Lock()
			time.Sleep(time.Millisecond)
			stand.Unlock()
		}
	}()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	for answered := 1; ; answered++ {
		select {
		case <-interrupted:
			if err := profiler.Stop(); err != nil {
				fmt.Fprintln(os.Stderr, "error:", err)
			}
			return
		default:
		}
		// Two spans that take turns, as an integration with a tracer labels them.
		labels := pyroscope.Labels("endpoint", "GET /scores", "span_id", fmt.Sprintf("00000000beef000%d", answered%2))
		pyroscope.TagWrapper(context.Background(), labels, func(context.Context) {
			tunePiano(2_000_000)
			writeScore()
			stand.Lock()
			stand.Unlock()
		})
		if answered%50 == 0 {
			fmt.Printf("answered %d requests\n", answered)
		}
	}
}
