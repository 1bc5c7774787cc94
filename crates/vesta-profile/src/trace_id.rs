//! Ids of spans and traces as text.

/// The low 64 bits of an id: a decimal number, or a hexadecimal one after `0x` or of 16 or 32 digits. Of
/// OpenTelemetry's trace ids, which have 128 bits, the lower half counts, as in Datadog's.
pub fn low_64_bits(text: &str) -> Option<u64> {
    let hex = |digits: &str| {
        let is_hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let low = digits.get(digits.len().saturating_sub(16)..).filter(|_| is_hex && digits.len() <= 32)?;
        u64::from_str_radix(low, 16).ok()
    };
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => hex(digits),
        None if text.len() == 16 || text.len() == 32 => hex(text),
        None => text.parse().ok().filter(|_| !text.starts_with('+')),
    }
}
