// Reads files of profiles with the code that OpenTelemetry generates for them and holds them to the rules that the
// definitions state in words: indices are in range, the first entry of each table is empty, no entry is there twice and
// none for nothing. Prints what is in each file.
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pprofile"
)

// What is in a profile.
type contents struct {
	Resource map[string]any `json:"resource"`
	Type     string         `json:"type"`
	Unit     string         `json:"unit"`
	Total    int64          `json:"total"`
	Samples  int            `json:"samples"`
	Links    int            `json:"links"`
}

func main() {
	for _, path := range os.Args[1:] {
		if err := check(path); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
			os.Exit(1)
		}
	}
}

func check(path string) error {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	unmarshaler := pprofile.ProtoUnmarshaler{}
	profiles, err := unmarshaler.UnmarshalProfiles(bytes)
	if err != nil {
		return err
	}
	checker := checker{dictionary: profiles.Dictionary(), used: map[string]map[int32]bool{}}
	found := checker.profiles(profiles)
	checker.tables()
	if len(checker.problems) > 0 {
		return fmt.Errorf("%d problems, among them %q", len(checker.problems), checker.problems[:min(5, len(checker.problems))])
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}

type checker struct {
	dictionary pprofile.ProfilesDictionary
	// The entries of each table that something refers to.
	used     map[string]map[int32]bool
	problems []string
}

func (checker *checker) note(format string, arguments ...any) {
	checker.problems = append(checker.problems, fmt.Sprintf(format, arguments...))
}

// Notes a reference, and one that leads nowhere. Answers whether there is something to look at.
func (checker *checker) refer(table string, index int32) bool {
	if index < 0 || int(index) >= checker.length(table) {
		checker.note("%s %d is not there", table, index)
		return false
	}
	if checker.used[table] == nil {
		checker.used[table] = map[int32]bool{}
	}
	isNew := !checker.used[table][index]
	checker.used[table][index] = true
	return isNew && index != 0
}

func (checker *checker) length(table string) int {
	switch table {
	case "string":
		return checker.dictionary.StringTable().Len()
	case "mapping":
		return checker.dictionary.MappingTable().Len()
	case "location":
		return checker.dictionary.LocationTable().Len()
	case "function":
		return checker.dictionary.FunctionTable().Len()
	case "link":
		return checker.dictionary.LinkTable().Len()
	case "attribute":
		return checker.dictionary.AttributeTable().Len()
	default:
		return checker.dictionary.StackTable().Len()
	}
}

func (checker *checker) profiles(profiles pprofile.Profiles) []contents {
	var found []contents
	for _, resource := range profiles.ResourceProfiles().All() {
		for _, scope := range resource.ScopeProfiles().All() {
			for _, profile := range scope.Profiles().All() {
				contents := checker.profile(profile)
				contents.Resource = resource.Resource().Attributes().AsRaw()
				found = append(found, contents)
			}
		}
	}
	return found
}

func (checker *checker) profile(profile pprofile.Profile) contents {
	checker.valueType(profile.SampleType())
	checker.valueType(profile.PeriodType())
	checker.attributes(profile.AttributeIndices())
	contents := contents{
		Type:    checker.text(profile.SampleType().TypeStrindex()),
		Unit:    checker.text(profile.SampleType().UnitStrindex()),
		Samples: profile.Samples().Len(),
	}
	identities := map[string]bool{}
	for _, sample := range profile.Samples().All() {
		values, times := sample.Values().AsRaw(), sample.TimestampsUnixNano().AsRaw()
		switch {
		case len(values) == 0 && len(times) == 0:
			checker.note("a sample has neither values nor times")
		case len(values) > 0 && len(times) > 0 && len(values) != len(times):
			checker.note("a sample has %d values and %d times", len(values), len(times))
		case len(values) == 0:
			contents.Total += int64(len(times))
		}
		for _, value := range values {
			contents.Total += value
		}
		identity := fmt.Sprint(sample.StackIndex(), sample.AttributeIndices().AsRaw(), sample.LinkIndex(), len(times) > 0)
		if identities[identity] {
			checker.note("two samples are the same: %s", identity)
		}
		identities[identity] = true
		checker.stack(sample.StackIndex())
		checker.attributes(sample.AttributeIndices())
		checker.refer("link", sample.LinkIndex())
		if sample.LinkIndex() != 0 {
			contents.Links++
		}
	}
	return contents
}

func (checker *checker) valueType(valueType pprofile.ValueType) {
	checker.refer("string", valueType.TypeStrindex())
	checker.refer("string", valueType.UnitStrindex())
}

func (checker *checker) text(index int32) string {
	checker.refer("string", index)
	if index < 0 || int(index) >= checker.length("string") {
		return ""
	}
	return checker.dictionary.StringTable().At(int(index))
}

func (checker *checker) stack(index int32) {
	if !checker.refer("stack", index) {
		return
	}
	for _, location := range checker.dictionary.StackTable().At(int(index)).LocationIndices().All() {
		checker.location(location)
	}
}

func (checker *checker) location(index int32) {
	if index == 0 {
		checker.note("a stack has the location that says that there is none")
	}
	if !checker.refer("location", index) {
		return
	}
	location := checker.dictionary.LocationTable().At(int(index))
	checker.attributes(location.AttributeIndices())
	checker.mapping(location.MappingIndex())
	for _, line := range location.Lines().All() {
		if !checker.refer("function", line.FunctionIndex()) {
			continue
		}
		function := checker.dictionary.FunctionTable().At(int(line.FunctionIndex()))
		for _, text := range []int32{function.NameStrindex(), function.SystemNameStrindex(), function.FilenameStrindex()} {
			checker.refer("string", text)
		}
	}
}

func (checker *checker) mapping(index int32) {
	if !checker.refer("mapping", index) {
		return
	}
	mapping := checker.dictionary.MappingTable().At(int(index))
	checker.refer("string", mapping.FilenameStrindex())
	checker.attributes(mapping.AttributeIndices())
	if mapping.MemoryStart() > mapping.MemoryLimit() {
		checker.note("mapping %d ends before it begins", index)
	}
}

func (checker *checker) attributes(indices pcommon.Int32Slice) {
	keys := map[int32]bool{}
	for _, index := range indices.All() {
		if index == 0 {
			checker.note("the attribute that says that there is none is used")
		}
		if index < 0 || int(index) >= checker.length("attribute") {
			checker.refer("attribute", index)
			continue
		}
		attribute := checker.dictionary.AttributeTable().At(int(index))
		if keys[attribute.KeyStrindex()] {
			checker.note("an attribute is there twice: %s", checker.text(attribute.KeyStrindex()))
		}
		keys[attribute.KeyStrindex()] = true
		if checker.refer("attribute", index) {
			checker.refer("string", attribute.KeyStrindex())
			checker.refer("string", attribute.UnitStrindex())
			if attribute.KeyStrindex() == 0 {
				checker.note("attribute %d has no key", index)
			}
		}
	}
}

// Looks at the tables as such, when everything that refers to them was seen.
func (checker *checker) tables() {
	dictionary := checker.dictionary
	entries := map[string][]string{"string": dictionary.StringTable().AsRaw()}
	for _, mapping := range dictionary.MappingTable().All() {
		entries["mapping"] = append(entries["mapping"], fmt.Sprint(
			mapping.MemoryStart(), mapping.MemoryLimit(), mapping.FileOffset(), mapping.FilenameStrindex(), mapping.AttributeIndices().AsRaw()))
	}
	for _, location := range dictionary.LocationTable().All() {
		lines := []int64{}
		for _, line := range location.Lines().All() {
			lines = append(lines, int64(line.FunctionIndex()), line.Line(), line.Column())
		}
		entries["location"] = append(entries["location"], fmt.Sprint(
			location.MappingIndex(), location.Address(), lines, location.AttributeIndices().AsRaw()))
	}
	for _, function := range dictionary.FunctionTable().All() {
		entries["function"] = append(entries["function"], fmt.Sprint(
			function.NameStrindex(), function.SystemNameStrindex(), function.FilenameStrindex(), function.StartLine()))
	}
	for _, link := range dictionary.LinkTable().All() {
		entries["link"] = append(entries["link"], link.TraceID().String()+link.SpanID().String())
	}
	for _, attribute := range dictionary.AttributeTable().All() {
		value := attribute.Value()
		entries["attribute"] = append(entries["attribute"], fmt.Sprintf(
			"%d %d %s%s", attribute.KeyStrindex(), attribute.UnitStrindex(), value.Type(), value.AsString()))
	}
	for _, stack := range dictionary.StackTable().All() {
		entries["stack"] = append(entries["stack"], fmt.Sprint(stack.LocationIndices().AsRaw()))
	}
	empty := map[string]string{
		"string": "", "mapping": "0 0 0 0 []", "location": "0 0 [] []", "function": "0 0 0 0", "link": "",
		"attribute": "0 0 Empty", "stack": "[]",
	}
	for _, table := range slices.Sorted(maps.Keys(empty)) {
		checker.table(table, entries[table], empty[table])
	}
}

func (checker *checker) table(name string, entries []string, empty string) {
	if len(entries) == 0 || entries[0] != empty {
		checker.note("the first %s is not empty", name)
	}
	known := map[string]bool{}
	for index, entry := range entries {
		if known[entry] {
			checker.note("%s %d is there twice: %s", name, index, entry)
		}
		known[entry] = true
		if index != 0 && !checker.used[name][int32(index)] {
			checker.note("nothing refers to %s %d: %s", name, index, entry)
		}
	}
}
