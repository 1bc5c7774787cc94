//! Profiles as they were sent: with times, spans and labels that tables do not have.

use crate::symbol_files::Places;
use crate::tables::rows::sample_rows;
use crate::{ProfileId, RawUpload, ReadError, Store, Timestamp};
use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use std::sync::Arc;
use vesta_profile::{Profile, Selection};
use vesta_upload::Upload;

/// All profiles of one upload as one, decoded from the log.
#[derive(Clone, Debug)]
pub struct DecodedProfile {
    /// The profile.
    pub id: ProfileId,
    /// The service that it is of.
    pub service: String,
    /// When its period starts.
    pub start: Timestamp,
    /// When its period ends.
    pub end: Timestamp,
    /// Its samples, one by one. Equal value types of several attachments are one.
    pub profile: Profile,
    /// What could not be read.
    pub problems: Vec<String>,
}

impl DecodedProfile {
    /// The selected samples as rows of the table `samples`, made like those; `None` if there is no value.
    pub fn sample_rows(&self, selection: &Selection) -> Result<Option<RecordBatch>, ArrowError> {
        let samples = self.profile.samples.select(selection);
        sample_rows(&self.profile, &samples, &self.service, self.start, self.id)
    }
}

impl Store {
    /// The profile with functions in place of places in binaries, where symbol files have them. Its stacks are not those
    /// of tables any more.
    pub async fn named(&self, decoded: &Arc<DecodedProfile>) -> Arc<DecodedProfile> {
        let named = self.symbol_files().name(Places::of(&decoded.profile)).await;
        if named.is_empty() {
            return Arc::clone(decoded);
        }
        let mut copy = DecodedProfile::clone(decoded);
        let work = tokio::task::spawn_blocking(move || {
            named.apply(&mut copy.profile);
            copy
        });
        work.await.map_or_else(|_| Arc::clone(decoded), Arc::new)
    }

    /// Decodes the upload of a profile; `None` if there is no such profile any more.
    pub async fn decoded(&self, id: ProfileId) -> Result<Option<DecodedProfile>, ReadError> {
        let Some(raw) = self.raw(id).await? else { return Ok(None) };
        let limits = self.limits().clone();
        let work = tokio::task::spawn_blocking(move || decode(raw, Part::Profiles, &limits));
        work.await.map_err(|_| ReadError::Damaged(id))?.map(Some).ok_or(ReadError::Damaged(id))
    }

    /// Decodes the execution traces that were sent beside a profile, as one; without a sample if there are none, `None`
    /// if there is no such profile any more. Their times are in no table.
    pub async fn decoded_traces(&self, id: ProfileId) -> Result<Option<DecodedProfile>, ReadError> {
        let Some(raw) = self.raw(id).await? else { return Ok(None) };
        let limits = self.limits().clone();
        let work = tokio::task::spawn_blocking(move || decode(raw, Part::Traces, &limits));
        work.await.map_err(|_| ReadError::Damaged(id))?.map(Some).ok_or(ReadError::Damaged(id))
    }
}

/// Which attachments of an upload are decoded.
#[derive(Clone, Copy)]
enum Part {
    Profiles,
    Traces,
}

fn decode(raw: RawUpload, part: Part, limits: &vesta_upload::Limits) -> Option<DecodedProfile> {
    let upload = Upload::parse(&raw.headers, raw.body, limits).ok()?;
    let mut decoded = match part {
        Part::Profiles => upload.decode(limits),
        Part::Traces => upload.decode_traces(limits),
    };
    let mut profile = decoded.take_whole(&upload.event).unwrap_or_default();
    let mut problems: Vec<String> = decoded.problems.iter().map(ToString::to_string).collect();
    let period = (upload.event.start, upload.event.end);
    if let Some(distance) = profile.samples.align((nanoseconds(period.0), nanoseconds(period.1))) {
        let seconds = distance.unsigned_abs() / 1_000_000_000;
        let earlier = if distance > 0 { "earlier" } else { "later" };
        problems.push(format!(
            "samples are of {seconds} s {earlier} than the profile says, and shown as of its time"
        ));
    }
    Some(DecodedProfile {
        id: raw.id,
        service: upload.identity.service.clone(),
        start: Timestamp(period.0.as_microsecond()),
        end: Timestamp(period.1.as_microsecond()),
        profile,
        problems,
    })
}

fn nanoseconds(time: jiff::Timestamp) -> i64 {
    time.as_microsecond().saturating_mul(1000)
}
