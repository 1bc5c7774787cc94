//go:build !otlp1_7

package main

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pprofile"
)

// The first entry of each table says that there is none.
func (message *message) addZeroEntries() {
	dictionary := message.dictionary
	dictionary.MappingTable().AppendEmpty()
	dictionary.LocationTable().AppendEmpty()
	dictionary.FunctionTable().AppendEmpty()
	dictionary.LinkTable().AppendEmpty()
	dictionary.AttributeTable().AppendEmpty()
	dictionary.StackTable().AppendEmpty()
}

func (message *message) attribute(key string, value any, unit string) int32 {
	table := message.dictionary.AttributeTable()
	attribute := table.AppendEmpty()
	attribute.SetKeyStrindex(message.text(key))
	if err := attribute.Value().FromRaw(value); err != nil {
		panic(err)
	}
	attribute.SetUnitStrindex(message.text(unit))
	return int32(table.Len() - 1)
}

func (message *message) setStack(_ pprofile.Profile, sample pprofile.Sample, locations []int32) {
	table := message.dictionary.StackTable()
	table.AppendEmpty().LocationIndices().Append(locations...)
	sample.SetStackIndex(int32(table.Len() - 1))
}

func sampleType(profile pprofile.Profile) pprofile.ValueType {
	return profile.SampleType()
}

// Observations that are counted need their times alone.
func setValues(sample pprofile.Sample, values []int64, _ int) {
	sample.Values().Append(values...)
}

// Release 1.8 has other names for the same.

func samplesOf(profile pprofile.Profile) pprofile.SampleSlice {
	switch profile := any(profile).(type) {
	case interface{ Samples() pprofile.SampleSlice }:
		return profile.Samples()
	default:
		return profile.(interface{ Sample() pprofile.SampleSlice }).Sample()
	}
}

func linesOf(location pprofile.Location) pprofile.LineSlice {
	switch location := any(location).(type) {
	case interface{ Lines() pprofile.LineSlice }:
		return location.Lines()
	default:
		return location.(interface{ Line() pprofile.LineSlice }).Line()
	}
}

func setDuration(profile pprofile.Profile, duration time.Duration) {
	switch profile := any(profile).(type) {
	case interface{ SetDurationNano(uint64) }:
		profile.SetDurationNano(uint64(duration.Nanoseconds()))
	default:
		profile.(interface{ SetDuration(pcommon.Timestamp) }).SetDuration(pcommon.Timestamp(duration.Nanoseconds()))
	}
}
