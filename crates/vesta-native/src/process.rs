//! One process: what it runs, what it has mapped, what its threads are called.

use crate::Service;
use crate::container::{container_id, systemd_unit};
use crate::jit::Jit;
use crate::module::base_name;
use crate::proc_files::ProcFiles;
use crate::space::Space;
use hashbrown::HashMap;
use std::sync::Arc;

/// Names kept of one process; the kernel allows some 32,768 threads.
const MAXIMUM_THREADS: usize = 32_768;
/// The most that is read of the environment: the kernel allows a quarter of the stack, 2 MiB.
const MAXIMUM_ENVIRONMENT: u64 = 2 << 20;

/// What samples need to know of the process they are from, beyond its end.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) pid: u32,
    /// The name of the binary.
    pub(crate) executable: String,
    /// The name of the process, as the kernel has it.
    pub(crate) name: String,
    pub(crate) details: Arc<Details>,
}

/// What a process is part of.
#[derive(Debug, Default)]
pub(crate) struct Details {
    pub(crate) container_id: Option<String>,
    pub(crate) service: Service,
}

/// One process.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) space: Arc<Space>,
    /// Whether `space` is complete as far as anybody knows: read from `/proc`, inherited, or built since `exec`.
    pub(crate) is_mapped: bool,
    executable: Option<String>,
    /// The first file mapped after `exec` is the program; the loader comes after it.
    pub(crate) expects_executable: bool,
    name: Arc<str>,
    threads: HashMap<u32, Arc<str>>,
    program: Option<Arc<Program>>,
    /// Whether a sample of it was seen, so that it counts towards the limit.
    pub(crate) is_counted: bool,
    details: Option<Arc<Details>>,
    /// Whether `details` are those of the program that ran before.
    is_stale: bool,
    pub(crate) jit: Option<Arc<Jit>>,
    /// The code that the parent had made before it forked.
    pub(crate) inherited_jit: Option<Arc<Jit>>,
    pub(crate) jit_dump: Option<String>,
    /// When `/proc/PID/maps` may be read again, and how long to wait after that.
    pub(crate) next_reading_ns: u64,
    pub(crate) reading_pause_ns: u64,
    /// When `space` was read: what records say of earlier times is in it.
    pub(crate) as_of_ns: u64,
    /// When its first thread ended.
    pub(crate) ended_ns: Option<u64>,
}

impl Process {
    pub(crate) fn new(pid: u32) -> Self {
        Process {
            pid,
            space: Arc::default(),
            is_mapped: false,
            executable: None,
            expects_executable: false,
            name: "".into(),
            threads: HashMap::new(),
            program: None,
            details: None,
            is_stale: true,
            jit: None,
            inherited_jit: None,
            is_counted: false,
            jit_dump: None,
            next_reading_ns: 0,
            reading_pause_ns: 0,
            as_of_ns: 0,
            ended_ns: None,
        }
    }

    /// A child as it is after `fork`: all of the parent but its threads.
    pub(crate) fn fork(&self, pid: u32, parent_thread: u32) -> Self {
        Process {
            space: self.space.clone(),
            is_mapped: self.is_mapped,
            executable: self.executable.clone(),
            expects_executable: self.expects_executable,
            name: self.threads.get(&parent_thread).unwrap_or(&self.name).clone(),
            details: self.details.clone(),
            is_stale: self.is_stale,
            inherited_jit: self.jit.as_ref().or(self.inherited_jit.as_ref()).cloned(),
            ..Process::new(pid)
        }
    }

    /// Another program runs from now on.
    pub(crate) fn exec(&mut self) {
        *self = Process {
            details: self.details.clone(),
            name: self.name.clone(),
            is_counted: self.is_counted,
            is_mapped: true,
            expects_executable: true,
            ..Process::new(self.pid)
        };
    }

    /// A thread has a new name.
    pub(crate) fn rename(&mut self, tid: u32, name: &str) {
        if tid == self.pid {
            self.name = name.into();
            self.program = None;
        }
        if self.threads.len() < MAXIMUM_THREADS || self.threads.contains_key(&tid) {
            self.threads.insert(tid, name.into());
        }
    }

    /// A thread starts with the name of the one that started it.
    pub(crate) fn start_thread(&mut self, tid: u32, parent: u32) {
        let Some(name) = self.threads.get(&parent).cloned() else { return };
        if self.threads.len() < MAXIMUM_THREADS {
            self.threads.insert(tid, name);
        }
    }

    pub(crate) fn end_thread(&mut self, tid: u32, time_ns: u64) {
        if tid == self.pid {
            // Its name stays: other threads may go on, and the name of the first is that of the process.
            self.ended_ns.get_or_insert(time_ns);
        } else {
            self.threads.remove(&tid);
        }
    }

    /// The name of a thread.
    pub(crate) fn thread_name(&mut self, proc: &ProcFiles, tid: u32) -> Arc<str> {
        if let Some(name) = self.threads.get(&tid) {
            return name.clone();
        }
        let name: Arc<str> = match proc.comm(self.pid, tid) {
            Some(name) => name.as_str().into(),
            None => self.name.clone(),
        };
        if self.threads.len() < MAXIMUM_THREADS {
            self.threads.insert(tid, name.clone());
        }
        name
    }

    /// What is known may not hold any more.
    pub(crate) fn doubt(&mut self) {
        self.is_mapped = false;
        self.next_reading_ns = 0;
    }

    /// Looks whether it runs what it is thought to run.
    pub(crate) fn confirm_executable(&mut self, proc: &ProcFiles) {
        let now = proc.executable(self.pid);
        if now.is_some() && now != self.executable {
            self.executable = now;
            self.expects_executable = false;
            self.program = None;
        }
    }

    pub(crate) fn set_executable(&mut self, path: String) {
        self.executable = Some(path);
        self.expects_executable = false;
        self.program = None;
    }

    /// What samples say of it; found out at the first sample of a program.
    pub(crate) fn program(&mut self, proc: &ProcFiles, with_service: bool) -> Arc<Program> {
        if let Some(program) = &self.program {
            return program.clone();
        }
        if self.name.is_empty()
            && let Some(name) = proc.comm(self.pid, self.pid)
        {
            self.name = name.as_str().into();
            self.threads.insert(self.pid, self.name.clone());
        }
        if self.executable.is_none() && !self.expects_executable {
            self.executable = proc.executable(self.pid);
        }
        let executable = match &self.executable {
            Some(path) => base_name(path).to_owned(),
            None => self.name.to_string(),
        };
        if self.is_stale || self.details.is_none() {
            let inherited = self.details.take();
            let details = self.read_details(proc, &executable, with_service, inherited.as_deref());
            self.details = Some(Arc::new(details));
            self.is_stale = false;
        }
        let details = self.details.clone().unwrap_or_default();
        let program = Arc::new(Program { pid: self.pid, executable, name: self.name.to_string(), details });
        self.program = Some(program.clone());
        program
    }

    fn read_details(
        &self,
        proc: &ProcFiles,
        executable: &str,
        with_service: bool,
        inherited: Option<&Details>,
    ) -> Details {
        let Some(cgroup) = proc.text(self.pid, "cgroup") else {
            // Gone already. Children stay in the container of their parent, and mostly in its service.
            return match inherited {
                Some(Details { container_id, service }) => {
                    Details { container_id: container_id.clone(), service: service.clone() }
                }
                None => Details { container_id: None, service: inferred(executable) },
            };
        };
        let environment = if with_service {
            proc.read(self.pid, "environ", MAXIMUM_ENVIRONMENT).unwrap_or_default()
        } else {
            Vec::new()
        };
        let container_id = container_id(&cgroup);
        let unit = if container_id.is_none() { systemd_unit(&cgroup) } else { None };
        let variable = |name: &str| variable(&environment, name);
        let service = match variable("DD_SERVICE") {
            Some(name) => Service { name, inferred: false, environment: None, version: None },
            None => inferred(unit.as_deref().unwrap_or(executable)),
        };
        let service = Service { environment: variable("DD_ENV"), version: variable("DD_VERSION"), ..service };
        Details { container_id, service }
    }
}

fn inferred(name: &str) -> Service {
    Service { name: name.to_owned(), inferred: true, environment: None, version: None }
}

/// A variable of an environment as the kernel shows it: `NAME=value` with a zero after each.
fn variable(environment: &[u8], name: &str) -> Option<String> {
    environment.split(|&byte| byte == 0).find_map(|entry| {
        let value = entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        (!value.is_empty()).then(|| String::from_utf8_lossy(value).into_owned())
    })
}
