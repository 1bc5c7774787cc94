//! Who the profiles are of: tags, and ids that tell runs apart.

use crate::Settings;
use crate::settings::Symbolization;
use std::fs;
use vesta_native::{Service, Window};
use vesta_upload::{Tag, Tags};

/// The name that uploads carry as their origin.
pub(crate) const ORIGIN: &str = "vesta-native";
/// The version of this profiler.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is the same in all uploads of one run.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    program: String,
    service: String,
    environment: Option<String>,
    version: Option<String>,
    hostname: String,
    runtime_id: String,
    process_id: u32,
    common: Tags,
}

impl Identity {
    /// The identity of a run that profiles `program` with this process id.
    pub(crate) fn new(settings: &Settings, program: &str, process_id: u32) -> Identity {
        let mut common = Tags::new();
        let mut add = |key: &str, value: String| common.insert(Tag { key: key.to_owned(), value });
        for (key, value) in [
            ("language", "native"),
            ("runtime", "native"),
            ("runtime_os", std::env::consts::OS),
            ("runtime_arch", std::env::consts::ARCH),
            ("cpu_arch", std::env::consts::ARCH),
            ("profiler_version", VERSION),
        ] {
            add(key, value.to_owned());
        }
        let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        add("number_of_cpu_cores", cpus.to_string());
        if settings.symbolization == Symbolization::Remote {
            add("remote_symbols", "yes".to_owned());
        }
        for (key, variable) in
            [("git.commit.sha", "DD_GIT_COMMIT_SHA"), ("git.repository_url", "DD_GIT_REPOSITORY_URL")]
        {
            if let Ok(value) = std::env::var(variable)
                && !settings.tags.contains_key(key)
            {
                add(key, value);
            }
        }
        settings.tags.iter().for_each(|tag| common.insert(tag.clone()));
        Identity {
            program: program.to_owned(),
            service: settings.service.clone().unwrap_or_else(|| program.to_owned()),
            environment: settings.environment.clone(),
            version: settings.version.clone(),
            hostname: settings.hostname.clone().unwrap_or_else(hostname),
            runtime_id: settings.runtime_id.clone().unwrap_or_else(random_id),
            process_id,
            common,
        }
    }

    /// The service of a window: its own when the host is profiled, else that of the settings.
    pub(crate) fn service<'a>(&'a self, window: &'a Window) -> &'a str {
        window.service.as_ref().map_or(&self.service, |service| &service.name)
    }

    /// The tags of an upload. None has a comma: the format cannot carry one.
    pub(crate) fn tags(&self, window: &Window, sequence: u64) -> Tags {
        let mut tags = self.about(window);
        tags.insert(Tag { key: "profile_seq".to_owned(), value: sequence.to_string() });
        let plain = |text: &str| text.replace(',', "_");
        tags.iter().map(|tag| Tag { key: plain(&tag.key), value: plain(&tag.value) }).collect()
    }

    /// What a message of OpenTelemetry says of the process: what is the same in all messages about it.
    pub(crate) fn resource(&self, window: &Window) -> Tags {
        let mut tags = self.about(window);
        if window.service.is_none() {
            tags.insert(Tag { key: "process.executable.name".to_owned(), value: self.program.clone() });
        }
        tags
    }

    fn about(&self, window: &Window) -> Tags {
        let service = window.service.as_ref();
        let of = |own: fn(&Service) -> Option<&String>, common: &Option<String>| match service {
            Some(service) => own(service).or(common.as_ref()).cloned(),
            None => common.clone(),
        };
        let process_id = match (service, window.pids.as_slice()) {
            (Some(_), [pid, ..]) => *pid,
            _ => self.process_id,
        };
        let kernel = if window.includes_kernel { "yes" } else { "no" };
        let mut pairs = vec![
            ("service", Some(self.service(window).to_owned())),
            ("env", of(|service| service.environment.as_ref(), &self.environment)),
            ("version", of(|service| service.version.as_ref(), &self.version)),
            ("host", Some(self.hostname.clone())),
            ("runtime-id", Some(self.runtime_id(service))),
            ("process_id", Some(process_id.to_string())),
            ("include_kernel", Some(kernel.to_owned())),
            ("container_id", window.container_id.clone()),
        ];
        if service.is_some_and(|service| service.inferred) {
            pairs.push(("service_inferred", Some("yes".to_owned())));
        }
        let own =
            pairs.into_iter().filter_map(|(key, value)| Some(Tag { key: key.to_owned(), value: value? }));
        own.chain(self.common.iter().cloned()).collect()
    }

    /// An id per service, so that the live heap of one is not taken for a later state of another's.
    fn runtime_id(&self, service: Option<&Service>) -> String {
        match service {
            Some(service) => format!("{}-{:08x}", self.runtime_id, fnv(&service.name)),
            None => self.runtime_id.clone(),
        }
    }
}

/// FNV-1a: short, and the same in every process.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// A random id, from the kernel.
pub(crate) fn random_id() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/uuid").map(|text| text.trim().to_owned());
    id.ok().filter(|id| id.len() == 36).unwrap_or_else(|| {
        use std::hash::{BuildHasher, Hasher, RandomState};
        let random = || RandomState::new().build_hasher().finish();
        format!("{:016x}{:016x}", random(), random())
    })
}

fn hostname() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// The container that this process runs in: the agent adds its tags by that.
pub(crate) fn own_container_id() -> Option<String> {
    container_id(&fs::read_to_string("/proc/self/cgroup").ok()?)
}

/// The last part of a cgroup path that is 64 hexadecimal digits, as all container runtimes name theirs.
fn container_id(cgroups: &str) -> Option<String> {
    let mut parts = cgroups.lines().flat_map(|line| line.split(['/', '-', '.', ':']));
    parts
        .rfind(|part| part.len() == 64 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{container_id, random_id};

    #[test]
    fn containers_are_found_in_cgroup_paths() {
        let id = "3726184226f5d3147c25fdeab5b60097e378e8a720503a5e19ecfdf29f869860";
        for path in [
            format!("12:pids:/docker/{id}"),
            format!("0::/system.slice/docker-{id}.scope"),
            format!("0::/kubepods.slice/cri-containerd-{id}.scope\n"),
        ] {
            assert_eq!(container_id(&path).as_deref(), Some(id), "{path}");
        }
        assert_eq!(container_id("0::/user.slice"), None);
    }

    #[test]
    fn ids_differ() {
        assert_ne!(random_id(), random_id());
    }
}
