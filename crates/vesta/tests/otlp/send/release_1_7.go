//go:build otlp1_7

package main

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pprofile"
)

// Locations and functions may begin anywhere; what is optional there is told by its presence.
func (message *message) addZeroEntries() {
	message.dictionary.MappingTable().AppendEmpty()
	message.dictionary.LinkTable().AppendEmpty()
}

func (message *message) attribute(key string, value any, unit string) int32 {
	table := message.dictionary.AttributeTable()
	attribute := table.AppendEmpty()
	attribute.SetKey(key)
	if err := attribute.Value().FromRaw(value); err != nil {
		panic(err)
	}
	if unit != "" {
		units := message.dictionary.AttributeUnits().AppendEmpty()
		units.SetAttributeKeyStrindex(message.text(key))
		units.SetUnitStrindex(message.text(unit))
	}
	return int32(table.Len() - 1)
}

// Each profile has a list of locations, of which a stack is a part.
func (message *message) setStack(profile pprofile.Profile, sample pprofile.Sample, locations []int32) {
	sample.SetLocationsStartIndex(int32(profile.LocationIndices().Len()))
	sample.SetLocationsLength(int32(len(locations)))
	profile.LocationIndices().Append(locations...)
}

func sampleType(profile pprofile.Profile) pprofile.ValueType {
	return profile.SampleType().AppendEmpty()
}

// There is a value even where observations are counted: the one stands for each of them.
func setValues(sample pprofile.Sample, values []int64, times int) {
	if len(values) == 0 && times > 0 {
		values = []int64{1}
	}
	sample.Value().Append(values...)
}

func samplesOf(profile pprofile.Profile) pprofile.SampleSlice {
	return profile.Sample()
}

func linesOf(location pprofile.Location) pprofile.LineSlice {
	return location.Line()
}

func setDuration(profile pprofile.Profile, duration time.Duration) {
	profile.SetDuration(pcommon.Timestamp(duration.Nanoseconds()))
}
