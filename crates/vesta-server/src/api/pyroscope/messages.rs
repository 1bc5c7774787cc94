//! The messages of `querier.v1` and `types.v1`, as far as they are read or written here. Numbers and names are those of
//! Pyroscope's interface.

use serde::{Deserialize, Serialize, Serializer};

/// Numbers of 64 bits: JSON has them as text, and takes either.
mod int64 {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(i64),
        Text(String),
    }

    impl Either {
        fn number<E: Error>(self) -> Result<i64, E> {
            match self {
                Either::Number(number) => Ok(number),
                Either::Text(text) => {
                    text.parse().map_err(|_| E::custom(format!("`{text}` is not a number")))
                }
            }
        }
    }

    pub(super) fn serialize<S: Serializer>(number: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        Either::deserialize(deserializer)?.number()
    }

    pub(super) mod optional {
        use super::{Deserialize, Deserializer, Either};

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<i64>, D::Error> {
            Option::<Either>::deserialize(deserializer)?.map(Either::number).transpose()
        }
    }

    pub(super) mod list {
        use super::{Serialize, Serializer};

        pub(crate) fn serialize<S: Serializer>(numbers: &[i64], serializer: S) -> Result<S::Ok, S::Error> {
            let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
            texts.serialize(serializer)
        }
    }
}

/// A number as text.
fn text<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

/// A choice: by number, or in JSON by name as well.
mod choice {
    use serde::{Deserialize, Deserializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(i32),
        Name(String),
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D, names: &[&str]) -> Result<i32, D::Error> {
        Ok(match Either::deserialize(deserializer)? {
            Either::Number(number) => number,
            Either::Name(name) => {
                names.iter().zip(0..).find(|(known, _)| **known == name).map_or(i32::MAX, |(_, at)| at)
            }
        })
    }

    /// How a profile is to be written.
    pub(super) fn format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
        let names = [
            "PROFILE_FORMAT_UNSPECIFIED",
            "PROFILE_FORMAT_FLAMEGRAPH",
            "PROFILE_FORMAT_TREE",
            "PROFILE_FORMAT_DOT",
            "PROFILE_FORMAT_PPROF",
        ];
        read(deserializer, &names)
    }

    /// What is told of single profiles.
    pub(super) fn exemplars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
        let names = [
            "EXEMPLAR_TYPE_UNSPECIFIED",
            "EXEMPLAR_TYPE_NONE",
            "EXEMPLAR_TYPE_INDIVIDUAL",
            "EXEMPLAR_TYPE_SPAN",
        ];
        read(deserializer, &names)
    }

    /// What is counted in a heatmap.
    pub(super) fn heatmap<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
        let names =
            ["HEATMAP_QUERY_TYPE_UNSPECIFIED", "HEATMAP_QUERY_TYPE_INDIVIDUAL", "HEATMAP_QUERY_TYPE_SPAN"];
        read(deserializer, &names)
    }

    /// What is made of several profiles in one step.
    pub(super) fn aggregation<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
        read(deserializer, &["TIME_SERIES_AGGREGATION_TYPE_SUM", "TIME_SERIES_AGGREGATION_TYPE_AVERAGE"])
    }
}

macro_rules! request {
    ($(#[$doc:meta])* $name:ident { $($(#[$field:meta])* $key:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, prost::Message, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        pub(super) struct $name { $($(#[$field])* pub(super) $key: $kind,)* }
    };
}

macro_rules! answer {
    ($(#[$doc:meta])* $name:ident { $($(#[$field:meta])* $key:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, prost::Message, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub(super) struct $name { $($(#[$field])* pub(super) $key: $kind,)* }
    };
}

request! {
    ProfileTypesRequest {
        #[prost(int64, tag = "1")]
        #[serde(with = "int64")]
        start: i64,
        #[prost(int64, tag = "2")]
        #[serde(with = "int64")]
        end: i64,
    }
}

answer! {
    ProfileTypesResponse {
        #[prost(message, repeated, tag = "1")]
        profile_types: Vec<ProfileTypeMessage>,
    }
}

answer! {
    ProfileTypeMessage {
        #[prost(string, tag = "1")]
        #[serde(rename = "ID")]
        id: String,
        #[prost(string, tag = "2")]
        name: String,
        #[prost(string, tag = "4")]
        sample_type: String,
        #[prost(string, tag = "5")]
        sample_unit: String,
        #[prost(string, tag = "6")]
        period_type: String,
        #[prost(string, tag = "7")]
        period_unit: String,
    }
}

request! {
    LabelNamesRequest {
        #[prost(string, repeated, tag = "1")]
        matchers: Vec<String>,
        #[prost(int64, tag = "2")]
        #[serde(with = "int64")]
        start: i64,
        #[prost(int64, tag = "3")]
        #[serde(with = "int64")]
        end: i64,
    }
}

request! {
    LabelValuesRequest {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(string, repeated, tag = "2")]
        matchers: Vec<String>,
        #[prost(int64, tag = "3")]
        #[serde(with = "int64")]
        start: i64,
        #[prost(int64, tag = "4")]
        #[serde(with = "int64")]
        end: i64,
    }
}

answer! {
    /// The answer about names of labels and about their values.
    NamesResponse {
        #[prost(string, repeated, tag = "1")]
        names: Vec<String>,
    }
}

request! {
    SeriesRequest {
        #[prost(string, repeated, tag = "1")]
        matchers: Vec<String>,
        #[prost(string, repeated, tag = "2")]
        #[serde(alias = "label_names")]
        label_names: Vec<String>,
        #[prost(int64, tag = "3")]
        #[serde(with = "int64")]
        start: i64,
        #[prost(int64, tag = "4")]
        #[serde(with = "int64")]
        end: i64,
    }
}

answer! {
    SeriesResponse {
        #[prost(message, repeated, tag = "2")]
        labels_set: Vec<Labels>,
    }
}

answer! {
    Labels {
        #[prost(message, repeated, tag = "1")]
        labels: Vec<LabelPair>,
    }
}

answer! {
    LabelPair {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(string, tag = "2")]
        value: String,
    }
}

request! {
    SelectMergeStacktracesRequest {
        #[prost(string, tag = "1")]
        #[serde(rename = "profileTypeID", alias = "profile_typeID")]
        profile_type_id: String,
        #[prost(string, tag = "2")]
        #[serde(alias = "label_selector")]
        label_selector: String,
        #[prost(int64, tag = "3")]
        #[serde(with = "int64")]
        start: i64,
        #[prost(int64, tag = "4")]
        #[serde(with = "int64")]
        end: i64,
        #[prost(int64, optional, tag = "5")]
        #[serde(alias = "max_nodes", deserialize_with = "int64::optional::deserialize")]
        max_nodes: Option<i64>,
        #[prost(int32, tag = "6")]
        #[serde(deserialize_with = "choice::format")]
        format: i32,
        #[prost(message, optional, tag = "7")]
        #[serde(alias = "stack_trace_selector")]
        stack_trace_selector: Option<StackTraceSelector>,
        #[prost(string, repeated, tag = "8")]
        #[serde(alias = "profile_id_selector")]
        profile_id_selector: Vec<String>,
        #[prost(string, repeated, tag = "10")]
        #[serde(alias = "trace_id_selector")]
        trace_id_selector: Vec<String>,
        #[prost(string, repeated, tag = "11")]
        #[serde(alias = "span_selector")]
        span_selector: Vec<String>,
    }
}

request! {
    StackTraceSelector {
        #[prost(message, repeated, tag = "1")]
        #[serde(alias = "call_site")]
        call_site: Vec<Location>,
        #[prost(message, optional, tag = "2")]
        #[serde(alias = "go_pgo")]
        go_pgo: Option<Empty>,
        #[prost(message, optional, tag = "3")]
        #[serde(alias = "frame_filter")]
        frame_filter: Option<Empty>,
    }
}

request! {
    Location {
        #[prost(string, tag = "1")]
        name: String,
    }
}

request! {
    SelectMergeSpanProfileRequest {
        #[prost(string, tag = "1")]
        #[serde(rename = "profileTypeID", alias = "profile_typeID")]
        profile_type_id: String,
        #[prost(string, tag = "2")]
        #[serde(alias = "label_selector")]
        label_selector: String,
        #[prost(string, repeated, tag = "3")]
        #[serde(alias = "span_selector")]
        span_selector: Vec<String>,
        #[prost(int64, tag = "4")]
        #[serde(with = "int64")]
        start: i64,
        #[prost(int64, tag = "5")]
        #[serde(with = "int64")]
        end: i64,
        #[prost(int64, optional, tag = "6")]
        #[serde(alias = "max_nodes", deserialize_with = "int64::optional::deserialize")]
        max_nodes: Option<i64>,
        #[prost(int32, tag = "7")]
        #[serde(deserialize_with = "choice::format")]
        format: i32,
    }
}

answer! {
    /// The answer about stacks, of spans or not.
    StacksResponse {
        #[prost(message, optional, tag = "1")]
        #[serde(skip_serializing_if = "Option::is_none")]
        flamegraph: Option<FlameGraph>,
        #[prost(message, optional, tag = "5")]
        #[serde(skip_serializing_if = "Option::is_none")]
        pprof: Option<PprofProfile>,
    }
}

answer! {
    PprofProfile {
        #[prost(message, optional, tag = "1")]
        profile: Option<Pprof>,
    }
}

answer! {
    FlameGraph {
        #[prost(string, repeated, tag = "1")]
        names: Vec<String>,
        #[prost(message, repeated, tag = "2")]
        levels: Vec<Level>,
        #[prost(int64, tag = "3")]
        #[serde(with = "int64")]
        total: i64,
        #[prost(int64, tag = "4")]
        #[serde(with = "int64")]
        max_self: i64,
    }
}

answer! {
    Level {
        #[prost(int64, repeated, tag = "1")]
        #[serde(serialize_with = "int64::list::serialize")]
        values: Vec<i64>,
    }
}

request! {
    DiffRequest {
        #[prost(message, optional, tag = "1")]
        left: Option<SelectMergeStacktracesRequest>,
        #[prost(message, optional, tag = "2")]
        right: Option<SelectMergeStacktracesRequest>,
    }
}

answer! {
    DiffResponse {
        #[prost(message, optional, tag = "1")]
        flamegraph: Option<FlameGraphDiff>,
    }
}

answer! {
    FlameGraphDiff {
        #[prost(string, repeated, tag = "1")]
        names: Vec<String>,
        #[prost(message, repeated, tag = "2")]
        levels: Vec<Level>,
        #[prost(int64, tag = "3")]
        #[serde(with = "int64")]
        total: i64,
        #[prost(int64, tag = "4")]
        #[serde(with = "int64")]
        max_self: i64,
        #[prost(int64, tag = "5")]
        #[serde(with = "int64")]
        left_ticks: i64,
        #[prost(int64, tag = "6")]
        #[serde(with = "int64")]
        right_ticks: i64,
    }
}

request! {
    SelectMergeProfileRequest {
        #[prost(string, tag = "1")]
        #[serde(rename = "profileTypeID", alias = "profile_typeID")]
        profile_type_id: String,
        #[prost(string, tag = "2")]
        #[serde(alias = "label_selector")]
        label_selector: String,
        #[prost(int64, tag = "3")]
        #[serde(with = "int64")]
        start: i64,
        #[prost(int64, tag = "4")]
        #[serde(with = "int64")]
        end: i64,
        #[prost(message, optional, tag = "6")]
        #[serde(alias = "stack_trace_selector")]
        stack_trace_selector: Option<StackTraceSelector>,
        #[prost(string, repeated, tag = "7")]
        #[serde(alias = "profile_id_selector")]
        profile_id_selector: Vec<String>,
        #[prost(string, repeated, tag = "8")]
        #[serde(alias = "trace_id_selector")]
        trace_id_selector: Vec<String>,
    }
}

answer! {
    /// A profile in pprof, as JSON has it. Ids are far below the end of signed numbers.
    Pprof {
        #[prost(message, repeated, tag = "1")]
        sample_type: Vec<PprofType>,
        #[prost(message, repeated, tag = "2")]
        sample: Vec<PprofSample>,
        #[prost(message, repeated, tag = "3")]
        mapping: Vec<PprofMapping>,
        #[prost(message, repeated, tag = "4")]
        location: Vec<PprofLocation>,
        #[prost(message, repeated, tag = "5")]
        function: Vec<PprofFunction>,
        #[prost(string, repeated, tag = "6")]
        string_table: Vec<String>,
        #[prost(int64, tag = "7")]
        #[serde(with = "int64")]
        drop_frames: i64,
        #[prost(int64, tag = "8")]
        #[serde(with = "int64")]
        keep_frames: i64,
        #[prost(int64, tag = "9")]
        #[serde(with = "int64")]
        time_nanos: i64,
        #[prost(int64, tag = "10")]
        #[serde(with = "int64")]
        duration_nanos: i64,
        #[prost(message, optional, tag = "11")]
        period_type: Option<PprofType>,
        #[prost(int64, tag = "12")]
        #[serde(with = "int64")]
        period: i64,
        #[prost(int64, repeated, tag = "13")]
        #[serde(serialize_with = "int64::list::serialize")]
        comment: Vec<i64>,
        #[prost(int64, tag = "14")]
        #[serde(with = "int64")]
        default_sample_type: i64,
    }
}

answer! {
    PprofType {
        #[prost(int64, tag = "1")]
        #[serde(with = "int64")]
        r#type: i64,
        #[prost(int64, tag = "2")]
        #[serde(with = "int64")]
        unit: i64,
    }
}

answer! {
    PprofSample {
        #[prost(int64, repeated, tag = "1")]
        #[serde(serialize_with = "int64::list::serialize")]
        location_id: Vec<i64>,
        #[prost(int64, repeated, tag = "2")]
        #[serde(serialize_with = "int64::list::serialize")]
        value: Vec<i64>,
        #[prost(message, repeated, tag = "3")]
        label: Vec<PprofLabel>,
    }
}

answer! {
    PprofLabel {
        #[prost(int64, tag = "1")]
        #[serde(with = "int64")]
        key: i64,
        #[prost(int64, tag = "2")]
        #[serde(with = "int64")]
        str: i64,
        #[prost(int64, tag = "3")]
        #[serde(with = "int64")]
        num: i64,
        #[prost(int64, tag = "4")]
        #[serde(with = "int64")]
        num_unit: i64,
    }
}

answer! {
    PprofMapping {
        #[prost(int64, tag = "1")]
        #[serde(with = "int64")]
        id: i64,
        #[prost(int64, tag = "2")]
        #[serde(with = "int64")]
        memory_start: i64,
        #[prost(int64, tag = "3")]
        #[serde(with = "int64")]
        memory_limit: i64,
        #[prost(int64, tag = "4")]
        #[serde(with = "int64")]
        file_offset: i64,
        #[prost(int64, tag = "5")]
        #[serde(with = "int64")]
        filename: i64,
        #[prost(int64, tag = "6")]
        #[serde(with = "int64")]
        build_id: i64,
        #[prost(bool, tag = "7")]
        has_functions: bool,
        #[prost(bool, tag = "8")]
        has_filenames: bool,
        #[prost(bool, tag = "9")]
        has_line_numbers: bool,
        #[prost(bool, tag = "10")]
        has_inline_frames: bool,
    }
}

answer! {
    PprofLocation {
        #[prost(int64, tag = "1")]
        #[serde(with = "int64")]
        id: i64,
        #[prost(int64, tag = "2")]
        #[serde(with = "int64")]
        mapping_id: i64,
        #[prost(uint64, tag = "3")]
        #[serde(serialize_with = "text")]
        address: u64,
        #[prost(message, repeated, tag = "4")]
        line: Vec<PprofLine>,
        #[prost(bool, tag = "5")]
        is_folded: bool,
    }
}

answer! {
    PprofLine {
        #[prost(int64, tag = "1")]
        #[serde(with = "int64")]
        function_id: i64,
        #[prost(int64, tag = "2")]
        #[serde(with = "int64")]
        line: i64,
    }
}

answer! {
    PprofFunction {
        #[prost(int64, tag = "1")]
        #[serde(with = "int64")]
        id: i64,
        #[prost(int64, tag = "2")]
        #[serde(with = "int64")]
        name: i64,
        #[prost(int64, tag = "3")]
        #[serde(with = "int64")]
        system_name: i64,
        #[prost(int64, tag = "4")]
        #[serde(with = "int64")]
        filename: i64,
        #[prost(int64, tag = "5")]
        #[serde(with = "int64")]
        start_line: i64,
    }
}

request! {
    SelectSeriesRequest {
        #[prost(string, tag = "1")]
        #[serde(rename = "profileTypeID", alias = "profile_typeID")]
        profile_type_id: String,
        #[prost(string, tag = "2")]
        #[serde(alias = "label_selector")]
        label_selector: String,
        #[prost(int64, tag = "3")]
        #[serde(with = "int64")]
        start: i64,
        #[prost(int64, tag = "4")]
        #[serde(with = "int64")]
        end: i64,
        #[prost(string, repeated, tag = "5")]
        #[serde(alias = "group_by")]
        group_by: Vec<String>,
        #[prost(double, tag = "6")]
        step: f64,
        #[prost(int32, tag = "7")]
        #[serde(deserialize_with = "choice::aggregation")]
        aggregation: i32,
        #[prost(message, optional, tag = "8")]
        #[serde(alias = "stack_trace_selector")]
        stack_trace_selector: Option<StackTraceSelector>,
        #[prost(int64, optional, tag = "9")]
        #[serde(deserialize_with = "int64::optional::deserialize")]
        limit: Option<i64>,
        #[prost(int32, tag = "10")]
        #[serde(alias = "exemplar_type", deserialize_with = "choice::exemplars")]
        exemplar_type: i32,
    }
}

answer! {
    SelectSeriesResponse {
        #[prost(message, repeated, tag = "1")]
        series: Vec<Series>,
    }
}

answer! {
    Series {
        #[prost(message, repeated, tag = "1")]
        labels: Vec<LabelPair>,
        #[prost(message, repeated, tag = "2")]
        points: Vec<Point>,
    }
}

answer! {
    Point {
        #[prost(double, tag = "1")]
        value: f64,
        #[prost(int64, tag = "2")]
        #[serde(with = "int64")]
        timestamp: i64,
        #[prost(message, repeated, tag = "4")]
        #[serde(skip_serializing_if = "Vec::is_empty")]
        exemplars: Vec<Exemplar>,
    }
}

answer! {
    /// A profile that a point is made of, among others.
    Exemplar {
        #[prost(int64, tag = "1")]
        #[serde(with = "int64")]
        timestamp: i64,
        #[prost(string, tag = "2")]
        profile_id: String,
        #[prost(string, tag = "3")]
        #[serde(skip_serializing_if = "String::is_empty")]
        span_id: String,
        #[prost(int64, tag = "4")]
        #[serde(with = "int64")]
        value: i64,
        #[prost(message, repeated, tag = "5")]
        #[serde(skip_serializing_if = "Vec::is_empty")]
        labels: Vec<LabelPair>,
    }
}

request! {
    SelectHeatmapRequest {
        #[prost(string, tag = "1")]
        #[serde(rename = "profileTypeID", alias = "profile_typeID")]
        profile_type_id: String,
        #[prost(string, tag = "2")]
        #[serde(alias = "label_selector")]
        label_selector: String,
        #[prost(int64, tag = "3")]
        #[serde(with = "int64")]
        start: i64,
        #[prost(int64, tag = "4")]
        #[serde(with = "int64")]
        end: i64,
        #[prost(double, tag = "5")]
        step: f64,
        #[prost(string, repeated, tag = "6")]
        #[serde(alias = "group_by")]
        group_by: Vec<String>,
        #[prost(int32, tag = "7")]
        #[serde(alias = "query_type", deserialize_with = "choice::heatmap")]
        query_type: i32,
        #[prost(int32, tag = "8")]
        #[serde(alias = "exemplar_type", deserialize_with = "choice::exemplars")]
        exemplar_type: i32,
        #[prost(int64, optional, tag = "9")]
        #[serde(deserialize_with = "int64::optional::deserialize")]
        limit: Option<i64>,
    }
}

answer! {
    SelectHeatmapResponse {
        #[prost(message, repeated, tag = "1")]
        series: Vec<HeatmapSeries>,
    }
}

answer! {
    HeatmapSeries {
        #[prost(message, repeated, tag = "1")]
        labels: Vec<LabelPair>,
        #[prost(message, repeated, tag = "2")]
        slots: Vec<HeatmapSlot>,
    }
}

answer! {
    /// How many profiles of a step are in which part of the values.
    HeatmapSlot {
        #[prost(int64, tag = "1")]
        #[serde(with = "int64")]
        timestamp: i64,
        #[prost(double, repeated, tag = "2")]
        y_min: Vec<f64>,
        #[prost(int32, repeated, tag = "3")]
        counts: Vec<i32>,
        #[prost(message, repeated, tag = "4")]
        #[serde(skip_serializing_if = "Vec::is_empty")]
        exemplars: Vec<Exemplar>,
    }
}

/// A message that says nothing.
#[derive(Clone, PartialEq, prost::Message, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Empty {}

answer! {
    GetProfileStatsResponse {
        #[prost(bool, tag = "1")]
        data_ingested: bool,
        #[prost(int64, tag = "2")]
        #[serde(with = "int64")]
        oldest_profile_time: i64,
        #[prost(int64, tag = "3")]
        #[serde(with = "int64")]
        newest_profile_time: i64,
    }
}

request! {
    AnalyzeQueryRequest {
        #[prost(int64, tag = "2")]
        #[serde(with = "int64")]
        start: i64,
        #[prost(int64, tag = "3")]
        #[serde(with = "int64")]
        end: i64,
        #[prost(string, tag = "4")]
        query: String,
    }
}

answer! {
    AnalyzeQueryResponse {
        #[prost(message, repeated, tag = "1")]
        query_scopes: Vec<QueryScope>,
        #[prost(message, optional, tag = "2")]
        query_impact: Option<QueryImpact>,
    }
}

answer! {
    QueryScope {
        #[prost(string, tag = "1")]
        component_type: String,
        #[prost(int64, tag = "2")]
        #[serde(with = "int64")]
        component_count: i64,
        #[prost(int64, tag = "5")]
        #[serde(with = "int64")]
        profile_count: i64,
        #[prost(int64, tag = "6")]
        #[serde(with = "int64")]
        sample_count: i64,
    }
}

answer! {
    QueryImpact {
        #[prost(bool, tag = "4")]
        deduplication_needed: bool,
    }
}
