//! Writing uploads, as a client library would.

use crate::{Headers, Tag, Tags};
use bytes::Bytes;
use jiff::Timestamp;
use memchr::memmem;
use serde_json::{Map, Value, json};
use std::io;
use vesta_formats::compression;
use vesta_profile::Profile;
use xxhash_rust::xxh3::Xxh3;

/// A request body with its content type.
#[derive(Clone, Debug)]
pub struct Built {
    /// The `Content-Type` header, with the boundary.
    pub content_type: String,
    /// The body.
    pub body: Bytes,
}

impl Built {
    /// The headers, as [`crate::Upload::parse`] takes them.
    pub fn headers(&self) -> Headers {
        Headers::new(self.content_type.clone(), [])
    }
}

/// Writes a `multipart/form-data` body. The same parts give the same bytes: the boundary comes from their content.
#[derive(Clone, Debug, Default)]
pub struct MultipartBuilder {
    parts: Vec<PartToWrite>,
    boundary: Option<String>,
}

#[derive(Clone, Debug)]
struct PartToWrite {
    name: String,
    filename: String,
    content_type: Option<String>,
    data: Bytes,
}

impl MultipartBuilder {
    /// A body without parts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a part.
    #[must_use]
    pub fn part(
        mut self,
        name: impl Into<String>,
        filename: impl Into<String>,
        content_type: Option<&str>,
        data: impl Into<Bytes>,
    ) -> Self {
        self.parts.push(PartToWrite {
            name: name.into(),
            filename: filename.into(),
            content_type: content_type.map(str::to_owned),
            data: data.into(),
        });
        self
    }

    /// Uses this boundary, which must not be in any part, in place of one that comes from the content.
    #[must_use]
    pub fn boundary(mut self, boundary: impl Into<String>) -> Self {
        self.boundary = Some(boundary.into());
        self
    }

    /// Writes the body.
    pub fn build(self) -> Built {
        let boundary = self.boundary.clone().unwrap_or_else(|| self.free_boundary());
        let mut body = Vec::with_capacity(self.parts.iter().map(|part| part.data.len() + 256).sum());
        for part in &self.parts {
            let name = quoted(&part.name);
            let filename = quoted(&part.filename);
            let head = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{filename}\"\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            if let Some(content_type) = &part.content_type {
                body.extend_from_slice(format!("Content-Type: {content_type}\r\n").as_bytes());
            }
            body.extend_from_slice(b"\r\n");
            body.extend_from_slice(&part.data);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        Built { content_type: format!("multipart/form-data; boundary={boundary}"), body: body.into() }
    }

    /// A boundary from the content of the parts that is in none of them.
    fn free_boundary(&self) -> String {
        let mut hasher = Xxh3::new();
        for part in &self.parts {
            for bytes in [part.name.as_bytes(), part.filename.as_bytes(), &part.data] {
                hasher.update(&(bytes.len() as u64).to_le_bytes());
                hasher.update(bytes);
            }
        }
        loop {
            let boundary = format!("vesta-{:032x}", hasher.digest128());
            let finder = memmem::Finder::new(&boundary);
            if self.parts.iter().all(|part| finder.find(&part.data).is_none()) {
                return boundary;
            }
            hasher.update(b"again");
        }
    }
}

/// A name within quotes. Line breaks would end the header, so they are left out.
fn quoted(name: &str) -> String {
    name.replace(['\r', '\n'], "").replace('\\', "\\\\").replace('"', "\\\"")
}

/// How an attachment is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// As it is.
    None,
    /// gzip.
    Gzip,
    /// Zstandard at level 3: the default.
    #[default]
    Zstd,
    /// LZ4 frames.
    Lz4,
}

/// Why an upload could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Tags are separated by commas, so none may hold one.
    #[error("the tag `{0}` has a comma in it, which the upload format cannot carry")]
    CommaInTag(Tag),
    /// An attachment could not be compressed.
    #[error("{file_name} could not be compressed")]
    Compress {
        /// The file name of the attachment.
        file_name: String,
        /// What the compressor said.
        source: io::Error,
    },
}

/// A tag's value as the envelope can carry it: it separates tags by commas.
pub fn tag_value(value: &str) -> String {
    value.replace(',', ";")
}

/// Writes an upload: `event.json` first, then the attachments in the order in which they were added.
#[derive(Clone, Debug)]
pub struct UploadBuilder {
    family: String,
    start: Timestamp,
    end: Timestamp,
    tags: Tags,
    process_tags: Tags,
    fields: Map<String, Value>,
    attachments: Vec<(String, Vec<u8>, Compression)>,
}

impl UploadBuilder {
    /// An upload of this family (`go`, `python`, ...) and period.
    pub fn new(family: impl Into<String>, start: Timestamp, end: Timestamp) -> Self {
        UploadBuilder {
            family: family.into(),
            start,
            end,
            tags: Tags::new(),
            process_tags: Tags::new(),
            fields: Map::new(),
            attachments: Vec::new(),
        }
    }

    /// Adds the tag `service`.
    #[must_use]
    pub fn service(self, service: impl Into<String>) -> Self {
        self.tag("service", service)
    }

    /// Adds a tag.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(Tag { key: key.into(), value: value.into() });
        self
    }

    /// Adds tags.
    #[must_use]
    pub fn tags(mut self, tags: impl IntoIterator<Item = Tag>) -> Self {
        tags.into_iter().for_each(|tag| self.tags.insert(tag));
        self
    }

    /// Adds tags about the process.
    #[must_use]
    pub fn process_tags(mut self, tags: impl IntoIterator<Item = Tag>) -> Self {
        tags.into_iter().for_each(|tag| self.process_tags.insert(tag));
        self
    }

    /// Says how many requests each endpoint finished.
    #[must_use]
    pub fn endpoint_counts<'a>(mut self, counts: impl IntoIterator<Item = (&'a str, i64)>) -> Self {
        let counts: Map<String, Value> =
            counts.into_iter().map(|(endpoint, count)| (endpoint.to_owned(), count.into())).collect();
        self.fields.insert("endpoint_counts".to_owned(), Value::Object(counts));
        self
    }

    /// Adds a field to `event.json`: `info`, `internal` or any other.
    #[must_use]
    pub fn field(mut self, key: impl Into<String>, value: Value) -> Self {
        self.fields.insert(key.into(), value);
        self
    }

    /// Adds an attachment.
    #[must_use]
    pub fn attachment(
        mut self,
        file_name: impl Into<String>,
        bytes: impl Into<Vec<u8>>,
        compression: Compression,
    ) -> Self {
        self.attachments.push((file_name.into(), bytes.into(), compression));
        self
    }

    /// Adds a profile, as pprof.
    #[must_use]
    pub fn profile(self, file_name: impl Into<String>, profile: &Profile, compression: Compression) -> Self {
        self.attachment(file_name, vesta_formats::pprof::encode(profile), compression)
    }

    /// Adds `metrics.json`.
    #[must_use]
    pub fn metrics<'a>(self, metrics: impl IntoIterator<Item = (&'a str, f64)>) -> Self {
        let pairs: Vec<Value> = metrics.into_iter().map(|(name, value)| json!([name, value])).collect();
        self.attachment("metrics.json", Value::Array(pairs).to_string(), Compression::None)
    }

    /// Writes the upload.
    pub fn build(self) -> Result<Built, BuildError> {
        let event = self.event()?;
        let mut multipart =
            MultipartBuilder::new().part("event", "event.json", Some("application/json"), event.to_string());
        for (file_name, bytes, compression) in self.attachments {
            let data = match compression {
                Compression::None => Ok(bytes),
                Compression::Gzip => compression::compress_gzip(&bytes),
                Compression::Zstd => compression::compress_zstd(&bytes, 3),
                Compression::Lz4 => compression::compress_lz4(&bytes),
            };
            let data =
                data.map_err(|source| BuildError::Compress { file_name: file_name.clone(), source })?;
            multipart = multipart.part(file_name.clone(), file_name, Some("application/octet-stream"), data);
        }
        Ok(multipart.build())
    }

    fn event(&self) -> Result<Value, BuildError> {
        if let Some(tag) =
            self.tags.iter().chain(&self.process_tags).find(|tag| tag.to_string().contains(','))
        {
            return Err(BuildError::CommaInTag(tag.clone()));
        }
        let mut event = self.fields.clone();
        let names: Vec<&str> = self.attachments.iter().map(|(name, ..)| name.as_str()).collect();
        event.insert("attachments".to_owned(), json!(names));
        event.insert("tags_profiler".to_owned(), json!(self.tags.to_string()));
        if !self.process_tags.is_empty() {
            event.insert("process_tags".to_owned(), json!(self.process_tags.to_string()));
        }
        event.insert("start".to_owned(), json!(self.start.to_string()));
        event.insert("end".to_owned(), json!(self.end.to_string()));
        event.insert("family".to_owned(), json!(self.family));
        event.insert("version".to_owned(), json!("4"));
        Ok(Value::Object(event))
    }
}
