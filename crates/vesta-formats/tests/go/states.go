// A program whose goroutines are in states that are known by construction. It writes its execution trace to the file
// it is given.
package main

import (
	"context"
	"io"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"time"
)

var sink uint64

func main() {
	file, err := os.Create(os.Args[1])
	check(err)
	// Traces hold samples of the CPU only while there is a CPU profile.
	check(pprof.StartCPUProfile(io.Discard))
	check(trace.Start(file))
	var group sync.WaitGroup
	start := func(work func()) {
		group.Add(1)
		go func() {
			defer group.Done()
			work()
		}()
	}
	channel := make(chan int)
	var mutex sync.Mutex
	mutex.Lock()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)

	start(sleeper)
	start(func() { receiver(channel) })
	start(func() { locker(&mutex) })
	start(func() { reader(listener) })
	start(spinner)
	start(collector)
	start(caller)
	start(tasks)
	for range 20 {
		start(yielder)
	}

	// Some of them may begin to wait late.
	time.Sleep(250 * time.Millisecond)
	mutex.Unlock()
	time.Sleep(100 * time.Millisecond)
	channel <- 1
	client, err := net.Dial("tcp", listener.Addr().String())
	check(err)
	time.Sleep(50 * time.Millisecond)
	client.Close()
	group.Wait()
	trace.Stop()
	pprof.StopCPUProfile()
	check(file.Close())
}

//go:noinline
func sleeper() {
	// Longer than the test wants: the time at which it ends is told before it begins.
	time.Sleep(250 * time.Millisecond)
}

//go:noinline
func receiver(channel chan int) {
	<-channel
}

//go:noinline
func locker(mutex *sync.Mutex) {
	mutex.Lock()
	mutex.Unlock()
}

//go:noinline
func reader(listener net.Listener) {
	connection, err := listener.Accept()
	check(err)
	io.Copy(io.Discard, connection)
}

//go:noinline
func spinner() {
	for i := range uint64(400_000_000) {
		sink += i * i
	}
}

//go:noinline
func collector() {
	for range 3 {
		keep := make([][]byte, 0, 2000)
		for range 2000 {
			keep = append(keep, make([]byte, 1024))
		}
		runtime.GC()
		runtime.KeepAlive(keep)
	}
}

//go:noinline
func caller() {
	for range 200 {
		os.Stat("/")
	}
}

//go:noinline
func yielder() {
	for range 100 {
		runtime.Gosched()
	}
}

//go:noinline
func tasks() {
	ctx, task := trace.NewTask(context.Background(), "order")
	trace.Log(ctx, "datadog.uint64_span_id", "\x01\x02\x03\x04\x05\x06\x07\x08")
	trace.WithRegion(ctx, "packing", func() { time.Sleep(20 * time.Millisecond) })
	task.End()
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
