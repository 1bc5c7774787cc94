// What Grafana's Pyroscope data source asks of a server, with the client that it asks with, and the answers as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"

	"connectrpc.com/connect"
	capabilitiesv1 "github.com/grafana/pyroscope/api/gen/proto/go/capabilities/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/capabilities/v1/capabilitiesv1connect"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"
)

const cpu = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"

// bearer is how a data source sends the token of its settings.
type bearer struct{ token string }

func (b bearer) RoundTrip(request *http.Request) (*http.Response, error) {
	if b.token != "" {
		request.SetBasicAuth("anybody", b.token)
	}
	return http.DefaultTransport.RoundTrip(request)
}

func millis(text string) int64 {
	number, err := strconv.ParseInt(text, 10, 64)
	check(err)
	return number
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func main() {
	url, selector, start, end := os.Args[1], os.Args[2], millis(os.Args[3]), millis(os.Args[4])
	client := querierv1connect.NewQuerierServiceClient(
		&http.Client{Transport: bearer{os.Getenv("PYROSCOPE_TOKEN")}}, url)
	ctx := context.Background()
	answers := map[string]any{}

	types, err := client.ProfileTypes(ctx, connect.NewRequest(&querierv1.ProfileTypesRequest{Start: start, End: end}))
	check(err)
	answers["types"] = types.Msg.ProfileTypes

	names, err := client.LabelNames(ctx, connect.NewRequest(&typesv1.LabelNamesRequest{
		Matchers: []string{selector}, Start: start, End: end}))
	check(err)
	answers["names"] = names.Msg.Names

	values, err := client.LabelValues(ctx, connect.NewRequest(&typesv1.LabelValuesRequest{
		Name: "service_name", Matchers: []string{"{}"}, Start: start, End: end}))
	check(err)
	answers["services"] = values.Msg.Names

	series, err := client.Series(ctx, connect.NewRequest(&querierv1.SeriesRequest{
		LabelNames: []string{"service_name", "__profile_type__"}, Start: start, End: end}))
	check(err)
	answers["series"] = series.Msg.LabelsSet

	plot, err := client.SelectSeries(ctx, connect.NewRequest(&querierv1.SelectSeriesRequest{
		ProfileTypeID: cpu, LabelSelector: selector, Start: start, End: end, Step: 15, GroupBy: []string{"service_name"}}))
	check(err)
	answers["plot"] = plot.Msg.Series

	nodes := int64(4096)
	stacks, err := client.SelectMergeStacktraces(ctx, connect.NewRequest(&querierv1.SelectMergeStacktracesRequest{
		ProfileTypeID: cpu, LabelSelector: selector, Start: start, End: end, MaxNodes: &nodes}))
	check(err)
	answers["flamegraph"] = stacks.Msg.Flamegraph

	merged, err := client.SelectMergeProfile(ctx, connect.NewRequest(&querierv1.SelectMergeProfileRequest{
		ProfileTypeID: cpu, LabelSelector: selector, Start: start, End: end}))
	check(err)
	total := int64(0)
	for _, sample := range merged.Msg.Sample {
		total += sample.Value[0]
	}
	answers["merged"] = map[string]any{
		"type": merged.Msg.StringTable[merged.Msg.SampleType[0].Type], "total": total, "samples": len(merged.Msg.Sample)}

	span, err := client.SelectMergeStacktraces(ctx, connect.NewRequest(&querierv1.SelectMergeStacktracesRequest{
		ProfileTypeID: cpu, LabelSelector: selector, Start: start, End: end, SpanSelector: []string{"00000000beef0001"}}))
	check(err)
	answers["span"] = span.Msg.Flamegraph.Total

	heatmap, err := client.SelectHeatmap(ctx, connect.NewRequest(&querierv1.SelectHeatmapRequest{
		ProfileTypeID: cpu, LabelSelector: selector, Start: start, End: end, Step: 60,
		QueryType:    querierv1.HeatmapQueryType_HEATMAP_QUERY_TYPE_INDIVIDUAL,
		ExemplarType: typesv1.ExemplarType_EXEMPLAR_TYPE_INDIVIDUAL}))
	check(err)
	answers["heatmap"] = heatmap.Msg.Series

	exemplar := heatmap.Msg.Series[0].Slots[0].Exemplars[0]
	one, err := client.SelectMergeStacktraces(ctx, connect.NewRequest(&querierv1.SelectMergeStacktracesRequest{
		ProfileTypeID: cpu, LabelSelector: selector, Start: start, End: end, Format: querierv1.ProfileFormat_PROFILE_FORMAT_PPROF,
		ProfileIdSelector: []string{exemplar.ProfileId}}))
	check(err)
	of := int64(0)
	for _, sample := range one.Msg.Pprof.Profile.Sample {
		of += sample.Value[0]
	}
	answers["exemplar"] = map[string]any{"value": exemplar.Value, "total": of}

	flags, err := capabilitiesv1connect.NewFeatureFlagsServiceClient(http.DefaultClient, url).GetFeatureFlags(
		ctx, connect.NewRequest(&capabilitiesv1.GetFeatureFlagsRequest{}))
	check(err)
	answers["flags"] = len(flags.Msg.FeatureFlags)

	side := &querierv1.SelectMergeStacktracesRequest{ProfileTypeID: cpu, LabelSelector: selector, Start: start, End: end}
	diff, err := client.Diff(ctx, connect.NewRequest(&querierv1.DiffRequest{Left: side, Right: side}))
	check(err)
	answers["diff"] = diff.Msg.Flamegraph

	stats, err := client.GetProfileStats(ctx, connect.NewRequest(&typesv1.GetProfileStatsRequest{}))
	check(err)
	answers["stats"] = stats.Msg

	_, err = client.SelectSeries(ctx, connect.NewRequest(&querierv1.SelectSeriesRequest{
		ProfileTypeID: "nonsense", LabelSelector: selector, Start: start, End: end, Step: 15}))
	answers["refused"] = connect.CodeOf(err).String()

	check(json.NewEncoder(os.Stdout).Encode(answers))
}
