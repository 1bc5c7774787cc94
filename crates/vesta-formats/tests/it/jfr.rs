//! Recordings of Java Flight Recorder.

mod contexts;
mod exercise;
mod fixtures;
mod forms;
mod hostile;
mod jdk;
mod jdk_tool;
mod kinds;
mod other_jdks;
mod print;
mod profile;
mod profilers;
mod writer;
