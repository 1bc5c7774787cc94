//! The parameters that say what a query is about.

use super::answer;
use crate::app::App;
use crate::links::{LinkId, Pinned, no_link};
use crate::params::Params;
use crate::problem::Problem;
use crate::shelf::Shelf;
use vesta_query::{
    Engine, Focus, QueryError, SampleScope, Scope, SpanFocus, SpanId, parse_filter, parse_transform, time,
};
use vesta_store::ProfileId;

/// The most transforms of one query; each goes over the whole tree.
const MAX_TRANSFORMS: usize = 32;

/// Which profiles a query is about.
#[derive(Clone, Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ScopeParams {
    /// What to search for: `service:web env:prod -version:1.0.* (host:a OR host:b) @cpu_cores:>1.5 "free text"`.
    #[param(default = "", required = false)]
    pub(crate) query: String,
    /// The start of the time range: RFC 3339, Unix seconds or milliseconds, or relative as in `now-1h`.
    #[param(default = "now-1h", required = false)]
    pub(crate) from: String,
    /// The end of the time range, exclusive.
    #[param(default = "now", required = false)]
    pub(crate) to: String,
    /// Only these profiles, whenever they started. May be repeated.
    #[param(required = false)]
    pub(crate) profile: Vec<String>,
    /// Where the profiles are: `opened` for files that were opened; left out for what was sent to the server.
    pub(crate) source: Option<String>,
    /// Only the profiles that this permalink keeps; `profile` means the ids that they had. The time is all of it unless
    /// `from` and `to` are there.
    pub(crate) link: Option<String>,
}

/// Where profiles are.
#[derive(Clone, Debug, Default, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SourceParams {
    /// Where the profile is: `opened` for a file that was opened; left out for what was sent to the server.
    pub(crate) source: Option<String>,
    /// The permalink that keeps the profile, if one does.
    pub(crate) link: Option<String>,
}

/// A store, and the names that its profiles go by.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) shelf: Shelf,
    /// The copies of a link.
    pinned: Option<Pinned>,
}

/// Samples by when they were taken, and by the request they were taken in. Read from uploads: of at most 32 profiles.
#[derive(Clone, Debug, Default, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FocusParams {
    /// Only samples that ended in this time: `FROM,TO` in milliseconds since the Unix epoch, with decimals.
    #[param(example = "1795215616463.1,1795215617000")]
    pub(crate) window: Option<String>,
    /// Only samples of this request: the id of a span, of the entry span of the service, or of a trace.
    #[param(example = "1234567890")]
    pub(crate) span: Option<String>,
    /// How far to look around the span: `span`, `children` (what is below it, too), `time` (whatever the process did
    /// meanwhile) or `profile` (all samples of profiles that have it).
    #[param(default = "children", required = false)]
    pub(crate) focus_on: Option<String>,
}

/// Profiles, and whom to ask about them.
pub(crate) struct Asked {
    pub(crate) engine: Engine,
    pub(crate) source: Source,
    pub(crate) scope: Scope,
    /// The request that the search names.
    pub(crate) span: Option<SpanId>,
}

/// Samples, and whom to ask about them.
pub(crate) struct AskedSamples {
    pub(crate) engine: Engine,
    pub(crate) question: SampleScope,
}

/// Which samples a query is about.
#[derive(Clone, Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SampleParams {
    /// The value type, by any name that a profiler has for it: `cpu-time`, `cpu`, `alloc-space`, ... The most useful
    /// one in scope when it is left out.
    #[param(example = "cpu-time")]
    pub(crate) r#type: Option<String>,
    /// Only samples with this label: `thread:worker-1`; `-thread:worker-1` for all others. May be repeated.
    #[param(required = false)]
    pub(crate) filter: Vec<String>,
    /// What is done to the tree, in the order of the parameters: `focus:KEY`, `only:KEY`, `exclude:KEY`, `merge:KEY`,
    /// `collapse-recursion`, `collapse-recursion:KEY`, `collapse-library:PACKAGE`, `my-code`. `KEY` is name, file, module,
    /// line and package of a function, separated by tabs; those at the end may be missing, and an empty one means any.
    /// Totals are those after it. May be repeated.
    #[param(required = false)]
    pub(crate) transform: Vec<String>,
    /// Only samples that ended in this time: `FROM,TO` in milliseconds since the Unix epoch, with decimals. Reads uploads,
    /// of at most 32 profiles.
    #[param(example = "1795215616463.1,1795215617000")]
    pub(crate) window: Option<String>,
    /// Only samples of this request: the id of a span, of the entry span of the service, or of a trace. Reads uploads, of
    /// at most 32 profiles.
    #[param(example = "1234567890")]
    pub(crate) span: Option<String>,
    /// How far to look around the span: `span`, `children` (what is below it, too), `time` (whatever the process did
    /// meanwhile) or `profile` (all samples of profiles that have it).
    #[param(default = "children", required = false)]
    pub(crate) focus_on: Option<String>,
}

impl ScopeParams {
    /// Reads the parameters of a scope.
    pub(crate) fn read(params: &mut Params) -> Result<Self, Problem> {
        let link = params.one("link")?;
        // What a link keeps may be of any time.
        let since = if link.is_some() { "0" } else { "now-1h" };
        Ok(ScopeParams {
            query: params.one("query")?.unwrap_or_default(),
            from: params.one("from")?.unwrap_or_else(|| since.to_owned()),
            to: params.one("to")?.unwrap_or_else(|| "now".to_owned()),
            profile: params.all("profile"),
            source: params.one("source")?,
            link,
        })
    }

    /// The scope they mean now.
    pub(crate) async fn resolve(&self, app: &App) -> Result<Asked, Problem> {
        let source = SourceParams { source: self.source.clone(), link: self.link.clone() };
        let source = source.resolve(app).await?;
        let engine = source.shelf.engine.clone();
        let range = time::parse_range(&self.from, &self.to, app.now()).map_err(QueryError::from)?;
        let scope = Scope::parse(&self.query, range)?;
        let profiles = self.profile.iter().map(|id| source.find(id)).collect::<Result<_, _>>()?;
        let (scope, span) = engine.resolve_spans(Scope { profiles, ..scope }).await?;
        Ok(Asked { engine, source, scope, span })
    }
}

impl SourceParams {
    /// Reads the parameters.
    pub(crate) fn read(params: &mut Params) -> Result<Self, Problem> {
        Ok(SourceParams { source: params.one("source")?, link: params.one("link")? })
    }

    /// The store they mean.
    pub(crate) async fn resolve(&self, app: &App) -> Result<Source, Problem> {
        let not_empty = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let (source, link) = (not_empty(&self.source), not_empty(&self.link));
        let alone = |shelf| Source { shelf, pinned: None };
        match (source.as_deref(), link) {
            (None, None) => Ok(alone(app.main_shelf())),
            (None, Some(link)) => {
                let id = LinkId::parse(&link).ok_or_else(|| no_link(&link))?;
                let pinned = app.links.pinned(&id).await?;
                Ok(Source { shelf: pinned.shelf.clone(), pinned: Some(pinned) })
            }
            (Some("opened"), None) => app.opened.shelf().await.map(alone),
            (Some("opened"), Some(_)) => {
                Err(Problem::bad_request("`source` and `link` contradict each other"))
            }
            (Some(other), _) => Err(Problem::bad_request(format!("`{other}` is not a source"))
                .hint("write source=opened for files that were opened, or leave it out")),
        }
    }
}

impl Source {
    /// The id that a profile has in this store. A copy answers to its own id and to that of its original.
    pub(crate) fn find(&self, text: &str) -> Result<ProfileId, Problem> {
        let id = parse_id(text)?;
        Ok(match &self.pinned {
            None => id,
            Some(pinned) => match pinned.copies.get(&id) {
                Some(&copy) => copy,
                None if pinned.originals.contains_key(&id) => id,
                None => ProfileId::ZERO,
            },
        })
    }

    /// The id that a profile of this store is shown by.
    pub(crate) fn shown(&self, id: ProfileId) -> ProfileId {
        self.pinned.as_ref().and_then(|pinned| pinned.originals.get(&id)).copied().unwrap_or(id)
    }
}

impl FocusParams {
    /// Reads the parameters.
    pub(crate) fn read(params: &mut Params) -> Result<Self, Problem> {
        Ok(FocusParams {
            window: params.one("window")?,
            span: params.one("span")?,
            focus_on: params.one("focus_on")?,
        })
    }

    /// The samples they mean. `searched` is the request that the search names.
    pub(crate) fn resolve(&self, searched: Option<SpanId>) -> Result<Focus, Problem> {
        let window = self.window.as_deref().map(parse_window).transpose()?;
        let on = self.focus_on.as_deref().map(str::parse).transpose()?.unwrap_or_default();
        let span = self.span.as_deref().filter(|id| !id.is_empty()).map(str::parse::<SpanId>).transpose()?;
        Ok(Focus { window, span: span.or(searched).map(|SpanId(id)| SpanFocus { id, on }) })
    }
}

/// Reads two times in milliseconds, and answers them in nanoseconds.
pub(crate) fn parse_window(text: &str) -> Result<(i64, i64), Problem> {
    let wrong = || {
        Problem::bad_request(format!("`{text}` is not a window"))
            .hint("write FROM,TO in milliseconds since 1970, FROM below TO")
    };
    let (from, to) = text.split_once(',').ok_or_else(wrong)?;
    match (parse_millis(from), parse_millis(to)) {
        (Some(from), Some(to)) if from < to => Ok((from, to)),
        _ => Err(wrong()),
    }
}

/// Milliseconds with decimals, as nanoseconds. Not by way of a floating point number, which has too few digits.
fn parse_millis(text: &str) -> Option<i64> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
    whole.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(fraction.parse().ok()?)
}

impl SampleParams {
    /// Reads the parameters of samples.
    pub(crate) fn read(params: &mut Params) -> Result<Self, Problem> {
        let wanted = params.one("type")?.filter(|name| !name.is_empty());
        let FocusParams { window, span, focus_on } = FocusParams::read(params)?;
        let (filter, transform) = (params.all("filter"), params.all("transform"));
        Ok(SampleParams { r#type: wanted, filter, transform, window, span, focus_on })
    }

    /// The samples they mean.
    pub(crate) async fn resolve(self, app: &App, asked: Asked) -> Result<AskedSamples, Problem> {
        let Asked { engine, scope, span, .. } = asked;
        let focus = FocusParams { window: self.window, span: self.span, focus_on: self.focus_on };
        let focus = focus.resolve(span)?;
        let filters = self.filter.iter().map(|text| parse_filter(text)).collect::<Result<_, _>>()?;
        if self.transform.len() > MAX_TRANSFORMS {
            let message = format!("{} transforms, at most {MAX_TRANSFORMS} are done", self.transform.len());
            return Err(Problem::bad_request(message));
        }
        let transforms = self.transform.iter().map(|text| parse_transform(text)).collect::<Result<_, _>>()?;
        let name = match self.r#type {
            Some(name) => name,
            None => {
                let types = answer(app, "types", engine.types(&scope)).await?;
                types.types.first().map_or("cpu-time".to_owned(), |first| first.value_type.name.to_string())
            }
        };
        let question = SampleScope { filters, transforms, focus, ..SampleScope::new(scope, name) };
        Ok(AskedSamples { engine, question })
    }
}

/// Reads a profile id of a path or a parameter.
pub(crate) fn parse_id(text: &str) -> Result<ProfileId, Problem> {
    text.parse().map_err(|error: vesta_store::ProfileIdError| Problem::bad_request(error.to_string()))
}
