// Stops with SIGTRAP on the main thread, in a known chain of calls.
package main

import (
	"runtime"
	"sort"
	"strings"
)

var sink int

func init() { runtime.LockOSThread() }

//go:noinline
func leaf(n int) int {
	sink += n
	return n * 3
}

//go:noinline
func recursive(n int) int {
	var values [40]int
	values[n&31] = n
	if n == 0 {
		runtime.Breakpoint()
		return leaf(values[3])
	}
	return recursive(n-1) + leaf(values[n&31])
}

//go:noinline
func middle(n int) int { return recursive(n) + leaf(n) }

// Makes the stack grow now, since it moves when it does.
//
//go:noinline
func grow(n int) int {
	var values [128]int
	values[n&127] = n
	if n == 0 {
		return values[5]
	}
	return grow(n-1) + values[n&127]
}

func main() {
	sink = grow(200)
	sink = middle(5)
	parts := strings.Split("d,b,a,c", ",")
	sort.Slice(parts, func(i, j int) bool { return leaf(len(parts[i])) >= 0 && parts[i] < parts[j] })
	m := map[string]int{}
	for i, part := range parts {
		m[part] = i
	}
	defer func() { sink += len(m); recover() }()
	panic(strings.Join(parts, " "))
}
