//! `metrics.json`: numbers about the period.

use serde_json::Value;

/// Reads `[["name", 1.5], ...]`. An object of numbers is taken as well; what is neither is left out.
pub(crate) fn decode(json: &[u8]) -> Result<Vec<(String, f64)>, serde_json::Error> {
    let metric = |name: &str, value: &Value| Some((name.to_owned(), value.as_f64()?));
    Ok(match serde_json::from_slice(json)? {
        Value::Array(pairs) => pairs
            .iter()
            .filter_map(|pair| match pair.as_array()?.as_slice() {
                [name, value, ..] => metric(name.as_str()?, value),
                _ => None,
            })
            .collect(),
        Value::Object(map) => map.iter().filter_map(|(name, value)| metric(name, value)).collect(),
        _ => Vec::new(),
    })
}
