//! OTLP over HTTP: one message in a request, its answer in the form of the request.

use super::{Form, Taken, code_of, store, text_of};
use crate::app::App;
use crate::body;
use crate::connection::Origin;
use crate::intake::reception::receive;
use crate::intake::refusal::Refusal;
use crate::problem::Problem;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use vesta_formats::otlp::reply;

/// Takes in a message.
pub(crate) async fn export(app: &App, origin: Origin, request: Request) -> Response {
    let Some(form) = form_of(request.headers()) else {
        body::drain(request.into_body()).await;
        let problem = Problem::unsupported("the Content-Type is neither of OpenTelemetry's two")
            .hint("send application/x-protobuf or application/json");
        return refuse(Refusal::from(problem).count(app), Form::Protobuf);
    };
    match take(app, origin, request, form).await {
        Ok(taken) => accept(&taken, form),
        Err(refusal) => refuse(refusal.count(app), form),
    }
}

async fn take(app: &App, origin: Origin, request: Request, form: Form) -> Result<Taken, Refusal> {
    let mut received = receive(app, origin, request).await?;
    let message = received.bytes();
    store(app, &mut received, message, form).await
}

fn form_of(headers: &HeaderMap) -> Option<Form> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/x-protobuf" | "application/protobuf" => Some(Form::Protobuf),
        "application/json" => Some(Form::Json),
        _ => None,
    }
}

fn accept(taken: &Taken, form: Form) -> Response {
    let reply = reply::Response { rejected: taken.rejected, message: &taken.reason };
    let body = match form {
        Form::Protobuf => reply.to_protobuf(),
        Form::Json => reply.to_json().into_bytes(),
    };
    in_form(StatusCode::OK, body, form)
}

/// The headers of the problem, with the body that OpenTelemetry has for it.
fn refuse(problem: Problem, form: Form) -> Response {
    let text = text_of(&problem);
    let status =
        reply::Status { code: code_of(problem.status()), message: &text, retry_after: problem.retry_after() };
    let body = match form {
        Form::Protobuf => status.to_protobuf(),
        Form::Json => status.to_json().into_bytes(),
    };
    let mut response = problem.into_response();
    let own = in_form(response.status(), body, form);
    let (head, body) = own.into_parts();
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().extend(head.headers);
    *response.body_mut() = body;
    response
}

fn in_form(status: StatusCode, body: Vec<u8>, form: Form) -> Response {
    let kind = match form {
        Form::Protobuf => "application/x-protobuf",
        Form::Json => "application/json",
    };
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response()
}
