//! From event to event.

use super::JfrError;
use super::cursor::Cursor;
use super::header::{HEADER_BYTES, Header, MAGIC};
use crate::budget::Budget;

/// The type of metadata events.
pub(super) const METADATA: u64 = 0;

/// The type of checkpoint events.
pub(super) const CHECKPOINT: u64 = 1;

/// An event as it stands in its chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawEvent<'a> {
    pub(super) type_id: u64,
    /// Behind the type.
    pub(super) body: Cursor<'a>,
    /// Where the next one begins.
    pub(super) end: usize,
}

/// What there is in a chunk.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Where the readable events end.
    pub(super) end: usize,
    /// Whether something comes there that is no event.
    pub(super) broken: bool,
    /// Where the last metadata event is.
    pub(super) metadata_at: Option<usize>,
    /// Where the checkpoint events are.
    pub(super) checkpoints: Vec<u32>,
}

impl<'a> RawEvent<'a> {
    /// The event at a place; `None` if there is none that ends within the bytes.
    #[inline]
    pub(super) fn at(bytes: &'a [u8], at: usize, compressed: bool) -> Option<RawEvent<'a>> {
        let mut body = Cursor::new(bytes, at, compressed);
        let size = usize::try_from(body.int()?).ok()?;
        let type_id = body.long()?;
        let end = at.checked_add(size)?;
        (body.at() <= end && end <= bytes.len()).then_some(RawEvent { type_id, body, end })
    }

    /// Its bytes and no more.
    pub(super) fn bounded_body(&self, bytes: &'a [u8], compressed: bool) -> Cursor<'a> {
        Cursor::new(bytes.get(..self.end).unwrap_or(bytes), self.body.at(), compressed)
    }
}

impl Survey {
    /// Goes from event to event through `bytes`, which begin with the header. The next chunk ends an unfinished one.
    pub(super) fn of(bytes: &[u8], header: &Header, budget: &mut Budget) -> Result<Survey, JfrError> {
        let mut survey = Survey { end: HEADER_BYTES, ..Survey::default() };
        while survey.end < bytes.len() {
            if !header.finished && chunk_header(bytes.get(survey.end..).unwrap_or_default()).is_some() {
                return Ok(survey);
            }
            let Some(event) = RawEvent::at(bytes, survey.end, header.compressed) else {
                survey.broken = true;
                survey.follow_chain(bytes, header, budget)?;
                return Ok(survey);
            };
            match event.type_id {
                METADATA => survey.metadata_at = Some(survey.end),
                CHECKPOINT => survey.add_checkpoint(survey.end, budget)?,
                _ => {}
            }
            survey.end = event.end;
        }
        Ok(survey)
    }

    /// Finds the checkpoints behind a fault: the header says where the last is, and each where the one before is.
    fn follow_chain(&mut self, bytes: &[u8], header: &Header, budget: &mut Budget) -> Result<(), JfrError> {
        let mut next = usize::try_from(header.constants_at).ok();
        let mut before = bytes.len();
        while let Some(at) = next.filter(|at| (self.end..before).contains(at)) {
            let event = RawEvent::at(bytes, at, header.compressed);
            // None overlaps another, so that no byte is read twice.
            let Some(event) = event.filter(|event| event.type_id == CHECKPOINT && event.end <= before) else {
                return Ok(());
            };
            self.add_checkpoint(at, budget)?;
            before = at;
            next = to_previous(event.body).and_then(|delta| at.checked_add_signed(delta));
        }
        Ok(())
    }

    fn add_checkpoint(&mut self, at: usize, budget: &mut Budget) -> Result<(), JfrError> {
        budget.take(2 * size_of::<u32>())?;
        self.checkpoints.extend(u32::try_from(at));
        Ok(())
    }
}

/// From a checkpoint event to the one before it.
fn to_previous(mut body: Cursor<'_>) -> Option<isize> {
    let (_time, _duration) = (body.long()?, body.long()?);
    isize::try_from(body.long()?.cast_signed()).ok()
}

/// The header of the chunk that begins here, if there is one that this reader knows.
pub(super) fn chunk_header(bytes: &[u8]) -> Option<Header> {
    // A look at few bytes, as it is asked of every event.
    bytes
        .starts_with(&MAGIC)
        .then(|| Header::read(bytes))?
        .filter(|header| header.is_known() && header.has_clock())
}
