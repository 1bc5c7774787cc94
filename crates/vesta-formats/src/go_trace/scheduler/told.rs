//! What the program tells of itself: tasks, regions, and the span that a task is for.

use super::super::output::EventName;
use super::{FULL, Lasting, MISFIT, Scheduler};
use vesta_profile::{StackId, StringId};

/// A piece of work that the program told about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub(super) lasting: Lasting,
    pub(super) goroutine: Option<u32>,
    pub(super) span_id: u64,
    /// What its goroutine worked for before.
    pub(super) span_before: u64,
}

/// What these take, with their index.
const TASK_BYTES: usize = 2 * size_of::<Task>() + 48;
const REGION_BYTES: usize = 2 * size_of::<Lasting>() + 64;

/// What Datadog's tracer calls a span in the log of its task.
const SPAN_KEY: &str = "datadog.uint64_span_id";

impl Scheduler<'_> {
    pub(super) fn task_begin(&mut self, thread: u32, id: u64, name: StringId, stack: StackId) {
        if !self.output.memory.take(TASK_BYTES) {
            return self.output.stop(FULL);
        }
        let goroutine = self.current(thread);
        let span_before = goroutine.map_or(0, |goroutine| self.span_of(goroutine));
        let lasting = self.lasting(name, stack);
        self.tasks.insert(id, Task { lasting, goroutine, span_id: 0, span_before });
    }

    /// A task may have begun before the trace, and may end more than once.
    pub(super) fn task_end(&mut self, id: u64) {
        let Some(task) = self.tasks.remove(&id) else { return };
        self.output.memory.give_back(TASK_BYTES);
        self.event(EventName::Task, task.lasting, task.span_id);
        if let Some(goroutine) = task.goroutine
            && task.span_id != 0
            && self.span_of(goroutine) == task.span_id
        {
            self.works_for(goroutine, task.span_before);
        }
    }

    /// Of all that programs log only the span of a task is read.
    pub(super) fn log(&mut self, thread: u32, task: u64, key: StringId, number: Option<u64>) {
        let (Some(span_id), SPAN_KEY) = (number, self.output.profile.strings.get(key)) else { return };
        if let Some(task) = self.tasks.get_mut(&task) {
            task.span_id = span_id;
        }
        if let Some(goroutine) = self.current(thread) {
            self.works_for(goroutine, span_id);
        }
    }

    /// From now on a goroutine works for another span.
    pub(super) fn works_for(&mut self, position: u32, span_id: u64) {
        self.close(position);
        if let Some(goroutine) = self.goroutines.get_mut(position as usize) {
            goroutine.span_id = span_id;
        }
    }

    pub(super) fn region_begin(&mut self, thread: u32, name: StringId, stack: StackId) {
        let Some(position) = self.current(thread) else { return self.note(MISFIT) };
        if !self.output.memory.take(REGION_BYTES) {
            return self.output.stop(FULL);
        }
        let new = self.lasting(name, stack);
        self.regions.entry(position).or_default().push(new);
    }

    /// Ends the innermost region of that name; it may have begun before the trace.
    pub(super) fn region_end(&mut self, thread: u32, name: StringId) {
        let Some(position) = self.current(thread) else { return self.note(MISFIT) };
        let Some(open) = self.regions.get_mut(&position) else { return };
        let Some(last) = open.pop_if(|region| region.name == name) else { return };
        self.output.memory.give_back(REGION_BYTES);
        let span_id = self.span_of(position);
        self.event(EventName::Region, last, span_id);
    }
}
