// Two thirds of the time in one goroutine's function, one third in another's.
package main

import (
	"runtime"
	"sync"
	"syscall"
)

var sink uint64

func threadSeconds() float64 {
	var usage syscall.Rusage
	const thread = 1
	syscall.Getrusage(thread, &usage)
	return float64(usage.Utime.Sec+usage.Stime.Sec) + float64(usage.Utime.Usec+usage.Stime.Usec)*1e-6
}

//go:noinline
func spend(seconds float64) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	end := threadSeconds() + seconds
	state := uint64(1)
	for threadSeconds() < end {
		for step := 0; step < 20000; step++ {
			state ^= state << 13
			state ^= state >> 7
			state ^= state << 17
		}
	}
	sink += state
}

//go:noinline
func loud() { spend(1.0); sink++ }

//go:noinline
func quiet() { spend(0.5); sink++ }

func main() {
	var group sync.WaitGroup
	group.Add(1)
	go func() {
		defer group.Done()
		loud()
	}()
	quiet()
	group.Wait()
}
