//! Profiles as they were sent: with times, spans and labels that tables do not have.

use crate::tables::rows::sample_rows;
use crate::{ProfileId, RawUpload, ReadError, Store, Timestamp};
use arrow::array::RecordBatch;
use arrow::error::ArrowError;
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
    /// Decodes the upload of a profile; `None` if there is no such profile any more.
    pub async fn decoded(&self, id: ProfileId) -> Result<Option<DecodedProfile>, ReadError> {
        let Some(raw) = self.raw(id).await? else { return Ok(None) };
        let limits = self.limits().clone();
        let work = tokio::task::spawn_blocking(move || decode(raw, &limits));
        work.await.map_err(|_| ReadError::Damaged(id))?.map(Some).ok_or(ReadError::Damaged(id))
    }
}

fn decode(raw: RawUpload, limits: &vesta_upload::Limits) -> Option<DecodedProfile> {
    let upload = Upload::parse(&raw.headers, raw.body, limits).ok()?;
    let decoded = upload.decode(limits);
    let mut profiles = decoded.profiles.into_iter().map(|(_, profile)| profile);
    let mut profile = profiles.next().unwrap_or_default();
    profiles.for_each(|other| profile.merge(&other));
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
