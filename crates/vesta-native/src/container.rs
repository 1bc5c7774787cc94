//! Which container or systemd unit a process is in, by `/proc/PID/cgroup`.

/// The id of the container that the text of `/proc/PID/cgroup` names: 64 hexadecimal digits (Docker, containerd, CRI-O,
/// Podman, Kubernetes), a UUID (Garden), or 32 digits with a number (ECS on Fargate). Of nested ones the innermost.
pub(crate) fn container_id(cgroup: &str) -> Option<String> {
    paths(cgroup).find_map(|path| path.rsplit('/').find_map(id_of))
}

/// The innermost systemd service, without `.service` and instance (`worker@3.service` is `worker`); not those of users'
/// sessions, where everything that a person starts would have one name.
pub(crate) fn systemd_unit(cgroup: &str) -> Option<String> {
    paths(cgroup).find_map(|path| {
        path.rsplit('/').find_map(|part| {
            let unit = part.strip_suffix(".service")?;
            let unit = unit.split('@').next().unwrap_or(unit);
            (!unit.is_empty() && unit != "user").then(|| unescaped(unit))
        })
    })
}

fn paths(cgroup: &str) -> impl Iterator<Item = &str> {
    cgroup.lines().filter_map(|line| line.splitn(3, ':').nth(2)).filter(|path| path.len() > 1)
}

/// `docker-0123….scope`, `cri-containerd-0123….scope`, `crio-conmon-…` (which is not the container), or the bare id.
fn id_of(part: &str) -> Option<String> {
    let part = part.strip_suffix(".scope").unwrap_or(part);
    if part.contains("conmon") {
        return None;
    }
    // containerd without systemd: `kubepods-burstable-podUID.slice:cri-containerd:0123…`.
    let part = part.rsplit(':').next().unwrap_or(part);
    let last = part.rsplit('-').next().unwrap_or(part);
    if last.len() == 64 && last.bytes().all(is_hexadecimal) {
        return Some(last.to_owned());
    }
    (is_uuid(part) || is_ecs_task(part)).then(|| part.to_owned())
}

fn is_hexadecimal(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

fn is_uuid(part: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let mut parts = part.split('-');
    let fits = |length| parts.next().is_some_and(|p| p.len() == length && p.bytes().all(is_hexadecimal));
    lengths.into_iter().all(fits) && parts.next().is_none()
}

fn is_ecs_task(part: &str) -> bool {
    part.split_once('-').is_some_and(|(task, number)| {
        task.len() == 32
            && task.bytes().all(is_hexadecimal)
            && (1..=10).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// systemd writes `-` in a name as `\x2d`.
fn unescaped(unit: &str) -> String {
    unit.replace("\\x2d", "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "3726184226f5d3147c25fdeab5b60097e378e8a720503a5e19ecfdf29f869860";

    #[test]
    fn containers_are_found_in_all_kinds_of_cgroup_paths() {
        let lines = [
            "13:name=systemd:/docker/ID",
            "0::/system.slice/docker-ID.scope",
            "0::/system.slice/docker-ID.scope/init.scope",
            "1:name=systemd:/kubepods/besteffort/pod3d274242-8ee0-11e9-a8a6-1e68d864ef1a/ID",
            "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod2d3da189.slice/cri-containerd-ID.scope",
            "0::/kubepods.slice/kubepods-pod2d3da189.slice/crio-ID.scope",
            "0::/machine.slice/libpod-ID.scope/container",
            "0::/system.slice/containerd.service/kubepods-burstable-pod1.slice:cri-containerd:ID",
            "9:perf_event:/ecs/haproxy/5a0d5ceddf6c44c1928d367a815d890f/ID",
        ];
        for line in lines {
            assert_eq!(container_id(&line.replace("ID", ID)).as_deref(), Some(ID), "{line}");
        }
    }

    #[test]
    fn fargate_and_garden_have_ids_of_their_own() {
        let fargate = "1:name=systemd:/ecs/34dc0b5e626f2c5c4c5170e34b10e765/34dc0b5e626f2c5c4c5170e34b10e765-1234567890";
        assert_eq!(container_id(fargate).as_deref(), Some("34dc0b5e626f2c5c4c5170e34b10e765-1234567890"));
        let garden =
            "1:name=systemd:/system.slice/garden.service/garden/6f265890-5165-7fab-6b52-18d1a4e5b9d8";
        assert_eq!(container_id(garden).as_deref(), Some("6f265890-5165-7fab-6b52-18d1a4e5b9d8"));
    }

    #[test]
    fn a_process_outside_of_containers_has_none() {
        for line in
            ["0::/", "0::/user.slice/user-1000.slice/session-2.scope", "0::/init.scope", "", "garbage"]
        {
            assert_eq!(container_id(line), None, "{line}");
        }
        assert_eq!(container_id(&format!("0::/machine.slice/libpod-conmon-{ID}.scope")), None);
    }

    #[test]
    fn units_of_systemd_are_services() {
        assert_eq!(systemd_unit("0::/system.slice/nginx.service").as_deref(), Some("nginx"));
        assert_eq!(
            systemd_unit("0::/system.slice/system-worker.slice/worker@3.service").as_deref(),
            Some("worker")
        );
        assert_eq!(systemd_unit("0::/system.slice/my\\x2dapp.service").as_deref(), Some("my-app"));
        assert_eq!(systemd_unit("0::/user.slice/user-0.slice/user@0.service/init.scope"), None);
        assert_eq!(systemd_unit("0::/init.scope"), None);
    }
}
