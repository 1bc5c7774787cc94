package main

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pprofile"
)

// A program of which addresses are sent and no names.
type program struct {
	buildID    string
	leaf, call uint64
}

const (
	// Where the program is in memory.
	programStart, programEnd = 0x5555_5555_4000, 0x5555_5565_4000
	period                   = 10 * time.Millisecond
)

var (
	traceID = pcommon.TraceID{0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c}
	spanID  = pcommon.SpanID{0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31}
)

// A message as a profiler might send it: two processes, of which one measures several things.
func orders(service string, program program) pprofile.Profiles {
	message := newMessage()
	start := time.Now().Add(-time.Minute)
	shop := message.process(map[string]any{
		"service.name":                service,
		"service.version":             "1.4.2",
		"deployment.environment.name": "prod",
		"host.name":                   "node-1",
		"process.pid":                 4711,
		"process.executable.name":     "shop",
		"container.id":                "c0ffee",
		"k8s.namespace.name":          "trade",
		"k8s.pod.name":                "orders-7f9c",
		"telemetry.sdk.language":      "go",
	})
	price := message.location(0, frame{"main.priceItem", "shop/price.go", 12})
	// What the compiler inlined is one location with several lines.
	handle := message.location(0, frame{"main.sumUp", "shop/orders.go", 30}, frame{"main.handleOrder", "shop/orders.go", 41})
	entry := message.location(0, frame{"main.main", "shop/main.go", 9})
	mapping := message.mapping("/usr/bin/shop", program.buildID)
	nativeLeaf := message.place(mapping, program.leaf)
	nativeCall := message.place(mapping, program.call)

	worker := message.attributes(map[string]any{"thread.name": "worker", "thread.id": 7, "tenant": "acme"})
	size := message.attribute("order.size", 512, "By")
	link := message.link(traceID, spanID)

	cpu := message.profile(shop, "samples", "count", start, period)
	message.sample(cpu, sample{
		stack: []int32{price, handle, entry}, attributes: append(worker, size), link: link,
		times: []time.Time{start.Add(time.Second), start.Add(2 * time.Second), start.Add(3 * time.Second)},
	})
	message.sample(cpu, sample{stack: []int32{handle, entry}, attributes: worker, values: []int64{2}})
	message.sample(cpu, sample{stack: []int32{nativeLeaf, nativeCall}, values: []int64{4}})

	allocations := message.profile(shop, "alloc_space", "bytes", start, 0)
	message.sample(allocations, sample{stack: []int32{handle, entry}, attributes: worker, values: []int64{4096}})
	heap := message.profile(shop, "inuse_space", "bytes", start, 0)
	message.sample(heap, sample{stack: []int32{price, handle, entry}, values: []int64{1024}})
	waits := message.profile(shop, "off_cpu", "nanoseconds", start, 0)
	message.sample(waits, sample{
		stack: []int32{entry}, values: []int64{30_000_000}, times: []time.Time{start.Add(4 * time.Second)},
	})

	proxy := message.process(map[string]any{
		"service.name": service + "-proxy",
		"host.name":    "node-1",
		"process.pid":  4712,
	})
	forward := message.location(0, frame{"forward", "proxy.cc", 77})
	message.sample(message.profile(proxy, "samples", "count", start, period), sample{stack: []int32{forward}, values: []int64{5}})
	return message.profiles
}

// A function at one line of one file.
type frame struct {
	function, file string
	line           int64
}

// One observation, or several that differ in nothing but the time.
type sample struct {
	stack, attributes []int32
	link              int32
	values            []int64
	times             []time.Time
}

// A message that is being written.
type message struct {
	profiles   pprofile.Profiles
	dictionary pprofile.ProfilesDictionary
	strings    map[string]int32
}

func newMessage() *message {
	profiles := pprofile.NewProfiles()
	message := &message{profiles: profiles, dictionary: profiles.Dictionary(), strings: map[string]int32{}}
	message.text("")
	message.addZeroEntries()
	return message
}

func (message *message) text(text string) int32 {
	table := message.dictionary.StringTable()
	index, isKnown := message.strings[text]
	if !isKnown {
		index = int32(table.Len())
		table.Append(text)
		message.strings[text] = index
	}
	return index
}

func (message *message) process(attributes map[string]any) pprofile.ProfilesSlice {
	resource := message.profiles.ResourceProfiles().AppendEmpty()
	if err := resource.Resource().Attributes().FromRaw(attributes); err != nil {
		panic(err)
	}
	scope := resource.ScopeProfiles().AppendEmpty()
	scope.Scope().SetName("orders.go")
	return scope.Profiles()
}

func (message *message) attributes(attributes map[string]any) []int32 {
	indices := make([]int32, 0, len(attributes))
	for key, value := range attributes {
		indices = append(indices, message.attribute(key, value, ""))
	}
	return indices
}

// Lines begin with the innermost function.
func (message *message) location(mapping int32, frames ...frame) int32 {
	table := message.dictionary.LocationTable()
	location := table.AppendEmpty()
	for _, frame := range frames {
		function := message.dictionary.FunctionTable().AppendEmpty()
		function.SetNameStrindex(message.text(frame.function))
		function.SetFilenameStrindex(message.text(frame.file))
		line := linesOf(location).AppendEmpty()
		line.SetFunctionIndex(int32(message.dictionary.FunctionTable().Len() - 1))
		line.SetLine(frame.line)
	}
	if mapping != 0 {
		location.SetMappingIndex(mapping)
	}
	return int32(table.Len() - 1)
}

// A location without a name: a place in a file, which was mapped from its beginning on.
func (message *message) place(mapping int32, offset uint64) int32 {
	location := message.location(mapping)
	entry := message.dictionary.LocationTable().At(int(location))
	entry.SetAddress(programStart + offset)
	entry.AttributeIndices().Append(message.attribute("profile.frame.type", "native", ""))
	return location
}

func (message *message) mapping(file, buildID string) int32 {
	table := message.dictionary.MappingTable()
	mapping := table.AppendEmpty()
	mapping.SetMemoryStart(programStart)
	mapping.SetMemoryLimit(programEnd)
	mapping.SetFilenameStrindex(message.text(file))
	mapping.AttributeIndices().Append(message.attribute("process.executable.build_id.gnu", buildID, ""))
	return int32(table.Len() - 1)
}

func (message *message) link(trace pcommon.TraceID, span pcommon.SpanID) int32 {
	table := message.dictionary.LinkTable()
	link := table.AppendEmpty()
	link.SetTraceID(trace)
	link.SetSpanID(span)
	return int32(table.Len() - 1)
}

// A profile of ten seconds. Those that have a period count the CPU time.
func (message *message) profile(profiles pprofile.ProfilesSlice, kind, unit string, start time.Time, period time.Duration) pprofile.Profile {
	profile := profiles.AppendEmpty()
	setValueType(sampleType(profile), message.text(kind), message.text(unit))
	profile.SetTime(pcommon.NewTimestampFromTime(start))
	setDuration(profile, 10*time.Second)
	if period != 0 {
		setValueType(profile.PeriodType(), message.text("cpu"), message.text("nanoseconds"))
		profile.SetPeriod(period.Nanoseconds())
	}
	return profile
}

func setValueType(valueType pprofile.ValueType, kind, unit int32) {
	valueType.SetTypeStrindex(kind)
	valueType.SetUnitStrindex(unit)
}

func (message *message) sample(profile pprofile.Profile, of sample) {
	sample := samplesOf(profile).AppendEmpty()
	message.setStack(profile, sample, of.stack)
	sample.AttributeIndices().Append(of.attributes...)
	if of.link != 0 {
		sample.SetLinkIndex(of.link)
	}
	setValues(sample, of.values, len(of.times))
	for _, time := range of.times {
		sample.TimestampsUnixNano().Append(uint64(time.UnixNano()))
	}
}
