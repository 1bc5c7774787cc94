//! The envelope: what came in another protocol becomes an upload, its bytes as they came.

use super::refusal::Refusal;
use crate::problem::Problem;
use http::HeaderMap;
use vesta_upload::{BuildError, Headers, Limits, Upload, UploadBuilder, UploadError};

/// The headers of a request that are kept with an upload.
pub(crate) fn headers(headers: &HeaderMap) -> Headers {
    let pairs = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    Headers::from_pairs(pairs.collect::<Vec<_>>())
}

/// The upload of an envelope that a client wrote.
pub(crate) fn open(headers: &Headers, body: bytes::Bytes, limits: &Limits) -> Result<Upload, Refusal> {
    Upload::parse(headers, body, limits).map_err(|error| refuse_envelope(&error))
}

/// The upload that a request of another protocol brought, in an envelope of our own.
pub(crate) fn seal(builder: UploadBuilder, request: &HeaderMap, limits: &Limits) -> Result<Upload, Refusal> {
    let built = builder.build().map_err(|error| refuse_build(&error))?;
    let kept = headers(request);
    let others = kept.others().iter().map(|(name, value)| (name.as_str(), value.as_str()));
    open(&Headers::new(built.content_type, others), built.body, limits)
}

fn refuse_build(error: &BuildError) -> Refusal {
    match error {
        BuildError::CommaInTag(_) => Problem::bad_request(error.to_string()).into(),
        error => Problem::internal("cannot write the envelope of the upload", error).into(),
    }
}

fn refuse_envelope(error: &UploadError) -> Refusal {
    if error.is_too_large() {
        Problem::too_large(error.to_string()).into()
    } else {
        Problem::bad_request(error.to_string()).into()
    }
}
