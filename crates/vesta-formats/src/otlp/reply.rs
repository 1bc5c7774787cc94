//! What a receiver of profiles answers with.

use crate::wire::{Reader, Value, write_bytes, write_number};
use std::fmt::Write;
use std::time::Duration;

/// An error, as `google.rpc.Status`: what OTLP has in the body of a response over HTTP that is not a success, and gRPC
/// in the trailer `grpc-status-details-bin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status<'a> {
    /// The code of gRPC, 3 for an invalid argument.
    pub code: u32,
    /// What is wrong, for people.
    pub message: &'a str,
    /// When to try again, if that makes sense.
    pub retry_after: Option<Duration>,
}

impl Status<'_> {
    /// The message in the binary form; none if the bytes are not that or have none.
    pub fn message_of(bytes: &[u8]) -> Option<&str> {
        let mut reader = Reader::new(bytes);
        let mut message = None;
        while let Some((field, value)) = reader.field().ok()? {
            if let (2, Value::Bytes(text)) = (field, value) {
                message = std::str::from_utf8(text).ok();
            }
        }
        message
    }

    /// The binary form.
    pub fn to_protobuf(&self) -> Vec<u8> {
        let mut output = Vec::new();
        write_number(&mut output, 1, u64::from(self.code));
        write_text(&mut output, 2, self.message);
        if let Some(delay) = self.retry_after {
            let mut duration = Vec::new();
            write_number(&mut duration, 1, delay.as_secs());
            write_number(&mut duration, 2, u64::from(delay.subsec_nanos()));
            let mut info = Vec::new();
            write_bytes(&mut info, 1, &duration);
            let mut any = Vec::new();
            write_text(&mut any, 1, "type.googleapis.com/google.rpc.RetryInfo");
            write_bytes(&mut any, 2, &info);
            write_bytes(&mut output, 3, &any);
        }
        output
    }

    /// The JSON form.
    pub fn to_json(&self) -> String {
        let mut output = format!("{{\"code\":{},\"message\":{}", self.code, quoted(self.message));
        if let Some(delay) = self.retry_after {
            let seconds = delay.as_secs_f64();
            // Writing to a string does not fail.
            let _ = write!(
                output,
                ",\"details\":[{{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"{seconds}s\"}}]"
            );
        }
        output.push('}');
        output
    }
}

/// A success, as `ExportProfilesServiceResponse`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response<'a> {
    /// How many profiles were not taken in.
    pub rejected: u64,
    /// Why, or a warning if none was rejected; empty if there is nothing to say.
    pub message: &'a str,
}

impl<'a> Response<'a> {
    /// Reads the binary form; none if the bytes are not that.
    pub fn parse(bytes: &'a [u8]) -> Option<Response<'a>> {
        let mut response = Response::default();
        let mut reader = Reader::new(bytes);
        while let Some((field, value)) = reader.field().ok()? {
            let (1, Value::Bytes(partial)) = (field, value) else { continue };
            let mut reader = Reader::new(partial);
            while let Some((field, value)) = reader.field().ok()? {
                match (field, value) {
                    (1, Value::Varint(rejected)) => response.rejected = rejected,
                    (2, Value::Bytes(text)) => response.message = std::str::from_utf8(text).ok()?,
                    _ => {}
                }
            }
        }
        Some(response)
    }

    /// The binary form.
    pub fn to_protobuf(&self) -> Vec<u8> {
        let mut output = Vec::new();
        if *self != Response::default() {
            let mut partial = Vec::new();
            write_number(&mut partial, 1, self.rejected);
            write_text(&mut partial, 2, self.message);
            write_bytes(&mut output, 1, &partial);
        }
        output
    }

    /// The JSON form.
    pub fn to_json(&self) -> String {
        if *self == Response::default() {
            return "{}".to_owned();
        }
        let message = quoted(self.message);
        format!(
            "{{\"partialSuccess\":{{\"rejectedProfiles\":\"{}\",\"errorMessage\":{message}}}}}",
            self.rejected
        )
    }
}

fn write_text(output: &mut Vec<u8>, field: u64, text: &str) {
    if !text.is_empty() {
        write_bytes(output, field, text.as_bytes());
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
