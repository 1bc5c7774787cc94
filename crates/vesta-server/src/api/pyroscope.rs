//! What Grafana's Pyroscope data source asks: the calls of `querier.v1.QuerierService`, and the older `/pyroscope/render`.
//!
//! The questions are those of the API under other names: label matchers become a search, profile types become value
//! types, and a flame graph is written level by level. Messages are protobuf or JSON, as the request is.

mod flamebearer;
mod heatmap;
mod label_names;
mod messages;
mod profile_type;
mod querier;
mod question;
mod render;
mod selector;
mod series;
mod services;

use crate::app::App;
use crate::body::{self, BodyLimits, HeldBody};
use crate::connect::Codec;
use crate::extract::Reader;
use crate::problem::Problem;
use axum::extract::Request;

pub(crate) use querier::call;
pub(crate) use render::{label_values, render, render_diff};
pub(crate) use services::service;

/// Bytes of a question.
const LONGEST_QUESTION: usize = 1 << 20;

/// Receives the message of a call, of who may ask.
async fn receive(
    reader: Result<Reader, Problem>,
    app: &App,
    request: Request,
) -> Result<(Codec, HeldBody), Problem> {
    let (head, body) = request.into_parts();
    if let Err(problem) = reader {
        body::drain(body).await;
        return Err(problem);
    }
    let codec = Codec::of(&head.headers)?;
    let limits = BodyLimits { bytes: LONGEST_QUESTION, ..app.body_limits() };
    Ok((codec, body::read(&head.headers, body, limits, &app.memory).await?))
}
