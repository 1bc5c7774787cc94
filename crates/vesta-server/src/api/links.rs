//! `/api/v1/links`: short addresses of what the page shows, which pin the profiles they show.

use super::answer;
use super::scope::{Asked, ScopeParams};
use crate::app::{App, SharedApp};
use crate::extract::{Admin, Reader};
use crate::links::{Link, LinkId, MOST_LINKS, MOST_PROFILES, close, no_link};
use crate::openapi::QueryProblems;
use crate::params::Params;
use crate::problem::Problem;
use crate::shelf::Shelf;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::time::Duration;
use tokio::task::JoinSet;
use url::form_urlencoded;
use vesta_query::ListOptions;
use vesta_store::{AppendError, ProfileId};
use vesta_upload::Upload;

/// The longest address.
const LONGEST_URL: usize = 8192;
/// Uploads copied at the same time.
const COPIED_AT_ONCE: usize = 8;
/// How often a copy is tried that finds the store of the link busy, and how long it waits in between.
const ATTEMPTS: usize = 100;
const WAIT: Duration = Duration::from_millis(100);

/// What to link to.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkRequest {
    /// A path of the page with its parameters: `/profiles/65fc1a2b00000001?type=cpu-time`.
    url: String,
}

/// A link.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct LinkAnswer {
    /// For `/l/ID` on the page, and for the parameter `link`.
    id: String,
    /// Where it leads. Times in it are absolute.
    url: String,
    /// The profiles that it keeps, whatever the retention.
    pinned: usize,
    /// Why it keeps none.
    notice: Option<String>,
}

/// Makes a link, and copies the profiles that it shows to where retention does not touch them.
#[utoipa::path(
    post, path = "/api/v1/links", tag = "links", request_body = LinkRequest,
    responses((status = 201, description = "The link", body = LinkAnswer), QueryProblems)
)]
pub(crate) async fn create(
    _: Reader,
    State(app): State<SharedApp>,
    body: Bytes,
) -> Result<(StatusCode, Json<LinkAnswer>), Problem> {
    let request: LinkRequest = serde_json::from_slice(&body)
        .map_err(|error| Problem::bad_request(format!("the body is not {{\"url\":\"/...\"}}: {error}")))?;
    let mut page = PageUrl::parse(&request.url)?;
    let _changing = app.links.changing.lock().await;
    let (links, used) = app.links.usage().await?;
    if links >= MOST_LINKS {
        return Err(Problem::bad_request(format!(
            "there are {links} links, which is as many as there may be"
        ))
        .hint("delete links that nobody needs: DELETE /api/v1/links/ID"));
    }
    let wanted = page.profiles(&app, used).await?;
    let id = LinkId::new()?;
    let (profiles, bytes, notice) = match wanted {
        Ok(wanted) => {
            let (profiles, bytes) = copy(&app, &id, wanted).await?;
            (profiles, bytes, None)
        }
        Err(notice) => (Vec::new(), 0, Some(notice)),
    };
    let created = jiff::Timestamp::from_microsecond(app.now().0).unwrap_or_default().to_string();
    let link = Link { url: page.text(), created, notice, bytes, profiles };
    if let Err(problem) = app.links.put(&id, &link).await {
        app.links.discard(&id).await;
        return Err(problem);
    }
    Ok((StatusCode::CREATED, Json(LinkAnswer::new(&id, link))))
}

/// Where a link leads, and what it keeps.
#[utoipa::path(
    get, path = "/api/v1/links/{id}", tag = "links",
    params(("id" = String, Path, description = "The id of the link")),
    responses((status = 200, description = "The link", body = LinkAnswer), QueryProblems)
)]
pub(crate) async fn show(
    _: Reader,
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<LinkAnswer>, Problem> {
    params.finish()?;
    let id = LinkId::parse(&id).ok_or_else(|| no_link(&id))?;
    let link = app.links.get(&id).await?;
    Ok(Json(LinkAnswer::new(&id, link)))
}

/// Deletes a link, and what it keeps. Needs a token of scope `admin` where tokens are needed: others may have sent the
/// link around.
#[utoipa::path(
    delete, path = "/api/v1/links/{id}", tag = "links",
    params(("id" = String, Path, description = "The id of the link")),
    responses((status = 204, description = "It is gone"), QueryProblems)
)]
pub(crate) async fn delete(
    _: Admin,
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    params: Params,
) -> Result<StatusCode, Problem> {
    params.finish()?;
    let id = LinkId::parse(&id).ok_or_else(|| no_link(&id))?;
    app.links.delete(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl LinkAnswer {
    fn new(id: &LinkId, link: Link) -> Self {
        LinkAnswer {
            id: id.as_str().to_owned(),
            url: link.url,
            pinned: link.profiles.len(),
            notice: link.notice,
        }
    }
}

/// A path of the page with its parameters. Not an address: a link never leads away from this server.
struct PageUrl {
    path: String,
    pairs: Vec<(String, String)>,
}

/// A profile to copy: where it is, its id there, and the id that it is known by.
struct Wanted {
    shelf: Shelf,
    id: ProfileId,
    known: ProfileId,
}

impl PageUrl {
    fn parse(text: &str) -> Result<Self, Problem> {
        let wrong = |why: &str| {
            Problem::bad_request(format!("this is no path of the page: {why}"))
                .hint("write what comes after the host, such as /profiles/65fc1a2b00000001?type=cpu-time")
        };
        if text.len() > LONGEST_URL {
            return Err(wrong(&format!("it is longer than {LONGEST_URL} bytes")));
        }
        if !text.starts_with('/') || text.starts_with("//") {
            return Err(wrong("it does not start with one slash"));
        }
        if text.chars().any(|character| character.is_control() || matches!(character, '\\' | '#' | ' ')) {
            return Err(wrong("it has characters that no path has"));
        }
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let plain = |segment: &&str| {
            !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let fits = match segments.as_slice() {
            [""] => true,
            ["api" | "assets" | "l", ..] => false,
            all => all.iter().all(plain),
        };
        if !fits {
            return Err(wrong("the page has nothing there that could be linked to"));
        }
        let pairs = form_urlencoded::parse(query.as_bytes()).map(|(key, value)| (key.into(), value.into()));
        Ok(PageUrl { path: path.to_owned(), pairs: pairs.collect() })
    }

    /// The path with its parameters.
    fn text(&self) -> String {
        if self.pairs.is_empty() {
            return self.path.clone();
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.pairs).finish();
        format!("{}?{query}", self.path)
    }

    fn get(&self, name: &str) -> Option<String> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }

    fn set(&mut self, name: &str, value: String) {
        match self.pairs.iter_mut().find(|(key, _)| key == name) {
            Some((_, known)) => *known = value,
            None => self.pairs.push((name.to_owned(), value)),
        }
    }

    /// The profiles that the page shows there, or why they are not kept. Times that mean another moment tomorrow are
    /// replaced by what they mean now. `used` are the bytes that links keep already.
    async fn profiles(&mut self, app: &App, used: u64) -> Result<Result<Vec<Wanted>, String>, Problem> {
        let prefixes: &[&str] = if self.path == "/compare" { &["a.", "b."] } else { &[""] };
        if self.path.starts_with("/opened") || prefixes.iter().any(|prefix| self.is_opened(prefix)) {
            return Ok(Err(
                "an opened file is not stored: keep it, and link to the stored profile".to_owned()
            ));
        }
        let mut all: Vec<Wanted> = Vec::new();
        let mut seen = HashSet::new();
        let (mut found, mut bytes) = (0, 0_u64);
        for prefix in prefixes {
            let asked = self.scope(prefix).resolve(app).await?;
            self.fix_times(prefix, &asked);
            let mut options = ListOptions { limit: 1000, ..ListOptions::default() };
            loop {
                let question = asked.engine.profiles(&asked.scope, &options);
                let list = answer(app, "profiles", question).await?;
                found = found.max(list.total);
                if list.total > MOST_PROFILES as u64 {
                    return Ok(Err(too_many(found)));
                }
                for profile in list.profiles {
                    let known = asked.source.shown(profile.id);
                    if seen.insert(known) {
                        bytes = bytes.saturating_add(profile.upload_bytes);
                        all.push(Wanted { shelf: asked.source.shelf.clone(), id: profile.id, known });
                    }
                }
                match list.next {
                    Some(next) => options.cursor = Some(next),
                    None => break,
                }
            }
        }
        self.pairs.retain(|(key, _)| key != "live");
        let limit = app.config.limit_pinned.0;
        Ok(match all.len() {
            0 => Err("there is no profile in scope".to_owned()),
            count if count > MOST_PROFILES => Err(too_many(count as u64)),
            _ if used.saturating_add(bytes) > limit => Err(format!(
                "links keep {used} bytes already, these profiles have {bytes} more, and `limit_pinned` is {limit}: \
                 delete links that nobody needs, or raise it"
            )),
            _ => Ok(all),
        })
    }

    fn is_opened(&self, prefix: &str) -> bool {
        self.get(&format!("{prefix}source")).is_some_and(|source| source == "opened")
    }

    /// The scope of one side.
    fn scope(&self, prefix: &str) -> ScopeParams {
        let get = |name: &str| self.get(&format!("{prefix}{name}")).filter(|value| !value.is_empty());
        let key = format!("{prefix}profile");
        let named = self.pairs.iter().filter(|(name, _)| *name == key).map(|(_, value)| value.clone());
        let mut profile: Vec<String> = named.filter(|id| !id.is_empty()).collect();
        let alone = self.path.strip_prefix("/profiles/").map(|id| id.trim_end_matches('/').to_owned());
        profile.extend(alone.clone());
        let link = get("link");
        let since = if link.is_some() { "0" } else { "now-1h" };
        ScopeParams {
            // A profile is shown alone whatever was searched for before.
            query: get("query").filter(|_| alone.is_none()).unwrap_or_default(),
            from: get("from").unwrap_or_else(|| since.to_owned()),
            to: get("to").unwrap_or_else(|| "now".to_owned()),
            profile,
            source: get("source"),
            link,
        }
    }

    fn fix_times(&mut self, prefix: &str, asked: &Asked) {
        let is_alone = self.path.starts_with("/profiles/");
        let range = asked.scope.range;
        for (name, time) in [("from", range.from), ("to", range.to)] {
            let name = format!("{prefix}{name}");
            if !is_alone || self.get(&name).is_some() {
                self.set(&name, super::basis::millis(time).to_string());
            }
        }
    }
}

fn too_many(found: u64) -> String {
    format!(
        "{found} profiles are in scope, and a link keeps at most {MOST_PROFILES}: narrow the search or the time"
    )
}

/// Copies uploads into the store of a link. Answers which became which, and their bytes.
async fn copy(app: &App, id: &LinkId, wanted: Vec<Wanted>) -> Result<(Vec<(String, String)>, u64), Problem> {
    let shelf = app.links.make_shelf(id).await?;
    let mut tasks = JoinSet::new();
    let mut copied: Vec<(String, String)> = Vec::new();
    let mut bytes = 0_u64;
    let mut failed = None;
    let mut rest = wanted.into_iter();
    loop {
        while failed.is_none() && tasks.len() < COPIED_AT_ONCE {
            let Some(wanted) = rest.next() else { break };
            tasks.spawn(copy_one(wanted, shelf.clone(), app.upload_limits.clone()));
        }
        match tasks.join_next().await {
            None => break,
            Some(Ok(Ok(Some((known, copy, size))))) => {
                copied.push((known.to_string(), copy.to_string()));
                bytes = bytes.saturating_add(size);
            }
            Some(Ok(Ok(None))) => {}
            Some(Ok(Err(problem))) => failed = Some(problem),
            Some(Err(error)) => failed = Some(Problem::internal("cannot copy a profile", &error)),
        }
    }
    close(shelf).await;
    match failed {
        Some(problem) => {
            app.links.discard(id).await;
            Err(problem)
        }
        None => {
            copied.sort_unstable();
            Ok((copied, bytes))
        }
    }
}

/// Copies one upload, unless retention was quicker.
async fn copy_one(
    wanted: Wanted,
    to: Shelf,
    limits: vesta_upload::Limits,
) -> Result<Option<(ProfileId, ProfileId, u64)>, Problem> {
    let raw = wanted.shelf.store.raw(wanted.id).await;
    let Some(raw) = raw.map_err(|error| Problem::internal("cannot read the upload", &error))? else {
        return Ok(None);
    };
    let upload = Upload::parse(&raw.headers, raw.body, &limits);
    let upload = upload.map_err(|error| Problem::internal("cannot read the upload", &error))?;
    let size = upload.body.len() as u64;
    let mut attempt = 0;
    loop {
        match to.store.append(upload.clone()).await {
            Ok(ack) => return Ok(Some((wanted.known, ack.id, size))),
            Err(AppendError::Overloaded { .. }) if attempt < ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(WAIT).await;
            }
            Err(error) => return Err(crate::intake::refuse_append(error).into_problem()),
        }
    }
}
